"""Makes the environment of prefect-qiskit beside this file, from pinned versions; git ignores it."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"


def main() -> None:
    """Makes it anew."""
    uv = [str(Path(sys.executable).with_name("uv"))]
    subprocess.run([*uv, "venv", "--clear", "--python", "3.11", str(HERE / ".venv")], check=True)
    pinned = str(HERE / "requirements.txt")
    subprocess.run([*uv, "pip", "sync", "--python", str(PYTHON), pinned], check=True)


if __name__ == "__main__":
    main()
