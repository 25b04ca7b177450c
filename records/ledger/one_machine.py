"""A file of SQLite serves one machine: several processes and containers of it, never two machines at once.

Readers and writers of a database in WAL mode find each other in memory that they share
(sqlite.org/wal.html), and two kernels share none, whatever file system lies between them. So each process
that has the ledger open holds a lock beside it, shared with those on the same boot of the same kernel. A
network file system that tells its clients of each other's locks thus keeps a second machine out; one that
does not cannot be helped from here, and `tierwise doctor` names it.
"""

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url

from escalation.model.clock import kernel
from escalation.model.errors import BadInput

REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"}
    | {"beegfs_nodev", "orangefs", "pvfs2", "panfs", "ocfs2", "gfs2", "virtiofs", "wekafs", "acfs", "coda"}
)
"""File systems behind which there may be other machines, by proc_pid_mountinfo(5); those of FUSE too."""


class OneMachine:
    """The lock of one open ledger; to be taken and let go under the ledger's own lock of files."""

    def __init__(self, database: Path) -> None:
        """Takes the lock.

        Raises:
            BadInput: when processes on another machine have the ledger open.
        """
        self._file: IO[str] = Path(f"{database}.machine").open("a+", encoding="utf-8")  # noqa: SIM115 (the lock)
        try:
            self._take(database)
        except BaseException:
            self._file.close()
            raise

    def _take(self, database: Path) -> None:
        fcntl.flock(self._file, fcntl.LOCK_SH)
        who = self._said()
        if who.get("kernel") == kernel():
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(
                f"the ledger {database} is open on another machine, {who.get('host', 'of no name')}: "
                "SQLite's file serves one machine at a time; put the ledger into PostgreSQL "
                "(TIERWISE_LEDGER_URL), which all can share, or end what has it open there"
            ) from None
        self._file.truncate(0)
        json.dump({"kernel": kernel(), "host": socket.gethostname()}, self._file)
        self._file.flush()
        os.fsync(self._file.fileno())
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def _said(self) -> dict[str, str]:
        """Who holds the lock, or held it last."""
        self._file.seek(0)
        try:
            said = json.loads(self._file.read())
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def close(self) -> None:
        """Lets go of it."""
        self._file.close()


def beyond_one(url: str) -> str:
    """What to say of a ledger in a file that other machines may reach; empty of any other."""
    parsed = make_url(url)
    kind = file_system(Path(parsed.database or "")) if parsed.get_backend_name() == "sqlite" else ""
    if kind not in REMOTE and not kind.startswith("fuse."):
        return ""
    return (
        f"; {parsed.database} lies on {kind}, and SQLite's file serves one machine at a time: "
        "keep the ledger in PostgreSQL (TIERWISE_LEDGER_URL) where several use it"
    )


def file_system(path: Path) -> str:
    """The kind of file system that a file lies on, as the kernel names it."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    here = path.resolve()
    under = [
        (len(fields[_MOUNTED_ON]), fields[fields.index("-") + 1])
        for fields in mounts
        if here.is_relative_to(fields[_MOUNTED_ON].encode().decode("unicode_escape"))
    ]
    return max(under, key=lambda each: each[0], default=(0, ""))[1]  # the deepest; of those, the first listed


_MOUNTED_ON = 4
"""Field of a line of proc_pid_mountinfo(5); what follows the lone dash is the kind."""
