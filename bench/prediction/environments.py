"""Environments of their own for what is compared with, and for packages that bring tables.

Each is made of a file in `requirements/` that names every package with its version.
"""

import shutil
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements")
PYTHON = "3.11"


def names() -> list[str]:
    """`autogluon`, `flaml`, …"""
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def interpreter(folder: Path, name: str) -> Path:
    """The interpreter of an environment in that folder."""
    return folder / name / "bin" / "python"


def make(folder: Path) -> None:
    """Makes those that are not there, or were made of other versions, with this environment's uv.

    Raises:
        subprocess.CalledProcessError: where uv says why it cannot.
    """
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names():
        stated = REQUIREMENTS / f"{name}.txt"
        made_of = folder / name / "requirements.txt"
        if made_of.exists() and made_of.read_bytes() == stated.read_bytes():
            print(f"{name:10} is there", flush=True)
            continue
        print(f"{name:10} is made of {len(stated.read_text().splitlines())} packages …", flush=True)
        subprocess.run([uv, "venv", "-q", "--clear", "--python", PYTHON, str(folder / name)], check=True)
        install = [uv, "pip", "install", "-q", "--compile-bytecode", "--python"]
        subprocess.run([*install, str(interpreter(folder, name)), "-r", str(stated)], check=True)
        shutil.copyfile(stated, made_of)
