"""The validator of RO-Crates in an environment of its own, because it pins an older `rich` than ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from escalation.inputs.settings import ROOT
from escalation.model.identity import digest_bytes
from records.ledger.locking import file_lock

HERE = Path(__file__).parent
LOCK = HERE / "validator.lock"
PATIENCE_S = 300


class Findings(NamedTuple):
    """A line on each thing found, with the check that found it.

    Attributes:
        folder: in the crate as it lies on the disk, where relative names begin with `file:`.
        metadata: in its metadata alone, where the validator lets them begin with `https:`.
    """

    folder: list[str]
    metadata: list[str]


def environment() -> Path:
    """Makes the environment from the lock, where it is not there yet; returns its Python."""
    folder = ROOT / ".venv" / f"validator-{digest_bytes(LOCK.read_bytes())[:12]}"
    folder.parent.mkdir(exist_ok=True)
    with file_lock(folder.with_suffix(".lock")):
        if not (folder / "ready").exists():
            uv = [sys.executable, "-m", "uv"]
            _run(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
            _run(*uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder), str(LOCK))
            (folder / "ready").touch()
    return folder / "bin" / "python"


def findings(scratch: Path, *crates: Path) -> list[Findings]:
    """What the validator finds in crates at REQUIRED and RECOMMENDED, without asking the network."""
    said = json.loads(
        _run(str(environment()), str(HERE / "offline.py"), str(scratch / "cache"), *map(str, crates))
    )
    return [Findings(**said[str(crate)]) for crate in crates]


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return done.stdout
