"""The folder of the records: it and what is in it are its user's alone. Standard library alone."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from escalation.inputs.surroundings import private_files
from escalation.model.errors import BadInput

OTHERS = 0o077
KEY = "signing-key.pem"
OURS = (
    "ledger.db", "mlflow.db", "store", "scratch", "artifacts", "reports", "prefect", KEY,
    "signed-heads",
)  # fmt: skip
"""What this project keeps there; a name may go on, as `ledger.db-wal` does."""


@contextmanager
def private_home(home: Path) -> Iterator[None]:
    """What is made in the block, by this process and those that it starts, only its user can read.

    What an earlier version left open to others is closed.

    Raises:
        BadInput: when the folder cannot be made, or belongs to somebody else.
    """
    close_to_others(home)
    with private_files():
        yield


def close_to_others(home: Path, *, thorough: bool = False) -> int:
    """Takes every right on the records from all but their user; returns from how many it had to be taken.

    A folder that holds other things too, such as a user's own, is left as it is; what we keep in it is not.
    The inside of a folder that is closed already is not looked at, unless `thorough`: nobody gets there.

    Raises:
        BadInput: when the folder cannot be made, or belongs to somebody else.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner, me = home.stat().st_uid, os.geteuid()
        if me not in {owner, 0}:
            raise BadInput(
                f"{home} belongs to user {owner}, you are {me}: set TIERWISE_HOME to a folder of yours"
            )
        names = sorted(os.listdir(home))
        ours = [home / name for name in names if name.startswith(OURS)]
        alone = len(ours) == sum(not name.startswith(".") for name in names)
        closed = int(alone and _close(home))
        # a key that others could read is not made to look as if it had been safe: it signs nothing any more
        return closed + sum(close_folder(path, thorough=thorough) for path in ours if path.name != KEY)
    except OSError as error:
        raise BadInput(f"cannot keep records in {home}: {error.strerror}") from None


def close_folder(path: Path, *, thorough: bool = True) -> int:
    """Closes a file or folder of ours, and its inside where it was open or `thorough`; returns how many."""
    closed = int(_close(path))
    if (closed or thorough) and path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path):
            closed += sum(_close(Path(folder, name)) for name in (*folders, *files))
    return closed


def _close(path: Path) -> bool:
    """Whether there was something to take; what is gone meanwhile, and what a link leads to, is let be."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
            return True
    return False
