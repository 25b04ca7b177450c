"""Back-ups of the ledger and of the bytes that it names, taken while cases run, and putting them back.

A folder of back-ups holds a store, and one file a back-up, which is a ledger. The ledger is copied first and
the bytes after it: bytes are in the store before a row names them, so all that the copy names can be copied.
What is in the folder's store already is not copied again.
"""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from escalation.inputs.home import close_folder
from escalation.inputs.surroundings import private_files
from escalation.inputs.temporary import temporary_folder
from escalation.inputs.whole_files import synced
from escalation.model.errors import BadInput, CorruptRecord, PrunedBytes
from escalation.ports.store import AuditedStore, Store
from records.ledger import lineage
from records.ledger.copying import copy_ledger, empty
from records.ledger.database import Database
from records.ledger.ledger import SqlLedger
from records.ledger.locking import file_lock
from records.ledger.retention import why_gone
from records.store.files import FileStore
from records.store.places import SETTING

if TYPE_CHECKING:
    from records.ledger.head_signer import HeadSigner

STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"ledger-(\d{8}T\d{6}\.\d{6}Z)\.db")
_STORE = "store"
_TRIES = 3


class Backup(NamedTuple):
    """One back-up.

    Attributes:
        file: the ledger, in the folder of back-ups.
        events: in it.
        files: of the store that it names.
        copied: of them now; the others were in the folder already.
    """

    file: Path
    events: int
    files: int
    copied: int


class Restored(NamedTuple):
    """What was put back.

    Attributes:
        taken_at: when the back-up was taken; seconds since the epoch.
        events: in the ledger.
        files: put into the store.
        findings: what does not fit in what is there now.
    """

    taken_at: float
    events: int
    files: int
    findings: tuple[str, ...]


def back_up(ledger_url: str, store: Store, folder: Path) -> Backup:
    """Adds a back-up to a folder; who reads the folder meanwhile sees it complete or not at all.

    Raises:
        BadInput: when the folder cannot be used, or holds something else.
        CorruptRecord: when bytes that the ledger names are missing or damaged: there is no back-up then.
    """
    with private_files(), _taken(folder):
        for _ in range(_TRIES - 1):
            with suppress(PrunedBytes):  # while it copied: a copy of now does not name those bytes
                return _add(ledger_url, store, folder)
        return _add(ledger_url, store, folder)


def _add(ledger_url: str, store: Store, folder: Path) -> Backup:
    taken_at = datetime.now(UTC)
    file = folder / f"ledger-{taken_at.strftime(STAMP)}.db"
    aside = folder / f".{file.name}"
    try:
        with closing(Database(ledger_url)) as source, closing(Database(f"sqlite:///{aside}")) as target:
            events = copy_ledger(source, target)
        kept = FileStore(folder / _STORE)
        with closing(SqlLedger(f"sqlite:///{aside}", kept)) as ledger:
            digests = sorted(ledger.digests())
        missing = [digest for digest in digests if not kept.has(digest)]
        for digest in missing:
            kept.put(_still_there(ledger_url, store, digest))
        synced(aside)
        aside.replace(file)
        synced(folder)
    finally:
        _tidy(aside)
    return Backup(file, events, len(digests), len(missing))


def _still_there(ledger_url: str, store: Store, digest: str) -> bytes:
    """Bytes of the store; raises `PrunedBytes` where they were given up since the ledger was copied."""
    try:
        return store.get(digest)
    except CorruptRecord:
        with closing(SqlLedger(ledger_url, store)) as ledger:
            if why := why_gone(ledger, digest):
                raise PrunedBytes(f"the bytes with SHA-256 {digest} were {why}") from None
        raise


def restore(
    folder: Path,
    name: str | None,
    ledger_url: str,
    store: AuditedStore,
    *,
    signer: "HeadSigner | None" = None,
) -> Restored:
    """Puts a back-up into an empty ledger and a store: the bytes first, then the rows, all of them at once.

    Args:
        folder: of back-ups.
        name: of the ledger's file in it; default: the newest.
        ledger_url: of a ledger in which nothing has happened yet.
        store: takes the bytes.
        signer: signs that it was put back; None where the site has no key.

    Raises:
        BadInput: when there is no such back-up, the ledger is not empty, or the store is another's.
        CorruptRecord: when the back-up is damaged; no row is written then.
    """
    from records.audit.audit import audit

    file, taken_at = _chosen(folder, name)
    with private_files(), temporary_folder("restore") as scratch:
        copy = scratch / "ledger.db"  # opened, it is brought to the layout of today
        shutil.copyfile(file, copy)
        with closing(Database(ledger_url)) as target:
            if not empty(target):
                raise BadInput(
                    f"expected an empty ledger at {target.shown}, got one with events: name another "
                    "TIERWISE_HOME or TIERWISE_LEDGER_URL, or move that one away"
                )
            before = _free(store, f"sqlite:///{copy}", target)
            files = _bytes(f"sqlite:///{copy}", FileStore(folder / _STORE), store)
            if before is not None:
                store.own(*before)
            with closing(Database(f"sqlite:///{copy}")) as source:
                events = copy_ledger(source, target, taken_at=taken_at, now=time.time())
            if signer is not None:
                with target.writing() as writing:
                    signer.of_restored(writing, datetime.fromtimestamp(taken_at, UTC).isoformat())
    with closing(SqlLedger(ledger_url, store, signer=signer)) as ledger:
        return Restored(taken_at, events, files, audit(ledger, store).findings)


def _free(store: AuditedStore, copy: str, target: Database) -> tuple[str, str] | None:
    """Refuses a store that is another ledger's; the names to note in one that is of the empty ledger there.

    What is put back keeps its own name, and so takes the place of that of the ledger that was empty.
    """
    owner = store.owner()
    with closing(Database(copy)) as kept, kept.reading() as mine, target.reading() as other:
        name, was = lineage.name(mine), lineage.name(other)
    if owner in (None, name):
        return None
    if owner == was:
        return name, was
    raise BadInput(
        f"{SETTING}: expected the store of the ledger that is put back, or an empty place, "
        f"got {store.where}, which is another ledger's"
    )


def _bytes(url: str, kept: FileStore, store: Store) -> int:
    """Puts all that the ledger of a back-up names into the store, after the ledger itself was checked."""
    with closing(SqlLedger(url, kept)) as ledger:
        for finding in ledger.findings():
            raise CorruptRecord(f"this back-up is damaged, take another one: {finding}")
        digests = ledger.digests()
    for digest in sorted(digests):
        store.put(kept.get(digest))
    return len(digests)


@contextmanager
def _taken(folder: Path) -> Iterator[None]:
    """Holds a folder of back-ups, made where it is missing, which nobody else can read."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise BadInput(f"cannot keep back-ups in {folder}: {error.strerror}") from None
    others = sorted(name for name in there if name != _STORE and not _NAME.fullmatch(name))
    if others or (there == [_STORE] and not (folder / ".lock").exists()):
        raise BadInput(
            f"expected a folder for back-ups alone, got {folder}, which has {(others or there)[0]}"
        )
    close_folder(folder, thorough=False)
    try:
        with file_lock(folder / ".lock", wait=False):
            yield
    except BlockingIOError:
        raise BadInput(f"a back-up into {folder} is under way: wait for its end") from None


def _chosen(folder: Path, name: str | None) -> tuple[Path, float]:
    found = sorted(path.name for path in folder.glob("ledger-*.db") if _NAME.fullmatch(path.name))
    if not found:
        raise BadInput(f"expected back-ups in {folder}, as `tierwise backup` makes them, got none")
    if name is not None and name not in found:
        raise BadInput(f"expected one of {', '.join(found)} in {folder}, got {name}")
    chosen = name or found[-1]
    match = _NAME.fullmatch(chosen)
    assert match is not None
    return folder / chosen, datetime.strptime(match[1], STAMP).replace(tzinfo=UTC).timestamp()


def _tidy(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink(missing_ok=True)
