"""The validator of RO-Crates in an environment of its own, because it pins an older `rich` than ours."""

import json
import subprocess
import sys
from pathlib import Path

from escalation.inputs.settings import ROOT
from escalation.model.identity import digest_bytes
from records.ledger.locking import file_lock

HERE = Path(__file__).parent
LOCK = HERE / "validator.lock"
PATIENCE_S = 300


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


def findings(scratch: Path, *crates: Path) -> dict[Path, list[str]]:
    """What the validator finds in crates at REQUIRED and RECOMMENDED, without asking the network."""
    said = _run(str(environment()), str(HERE / "offline.py"), str(scratch / "cache"), *map(str, crates))
    return {Path(crate): found for crate, found in json.loads(said).items()}


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return done.stdout
