"""Opens an export as a ledger and a store of its own, in a scratch folder."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from escalation.inputs.surroundings import private_files
from escalation.inputs.temporary import sweep, temporary_folder
from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput, CorruptRecord
from records.export.archive import read_files
from records.export.bag import ENVELOPE, PAYLOAD
from records.export.payload import CHAIN, EVENTS, LINEAGE, STORE, WITHHELD_ROWS, rows_path
from records.ledger.chains import Head
from records.ledger.excerpt import TABLES, CaseExcerpt, HashedEvent, make_ledger
from records.ledger.ledger import SqlLedger
from records.ledger.retention import why_gone
from records.store.files import DIGEST, FileStore


def read_export(path: Path) -> dict[str, bytes]:
    """All files of an export, by path, read as `verify` reads them; what they say is not checked.

    Raises:
        BadInput: when there is none.
        CorruptRecord: when there is something in it that `tierwise export` writes into none.
    """
    found, strange = read_files(path)
    if strange:
        raise CorruptRecord(f"{shown(path)}: {strange[0]}")
    if ENVELOPE not in found:
        raise BadInput(f"{shown(path)}: expected an export, as `tierwise export` writes it, got none")
    return found


@contextmanager
def open_export(path: Path) -> Iterator[tuple[SqlLedger, FileStore]]:
    """Opens an export as records of their own, which are gone when the block ends.

    Nothing is checked here but that it can be read: `tierwise verify` does. The ledger has the case alone:
    what other cases spent, and the checkpoints' tree, are not in an export.

    Raises:
        BadInput: when it is no export, or withholds the case's data.
        CorruptRecord: when it does not hold together.
    """
    files = read_export(path)
    if f"{PAYLOAD}/{WITHHELD_ROWS}" in files:
        raise BadInput(
            f"{shown(path)}: withholds the data of its case, which may not leave their site: it can be "
            "verified, and opened only where it came from"
        )
    sweep()
    with private_files(), temporary_folder("export") as scratch:
        store = FileStore(scratch / "store")
        for name, data in files.items():
            digest = name.removeprefix(f"{PAYLOAD}/{STORE}/")
            if DIGEST.fullmatch(digest) and store.put(data) != digest:
                raise CorruptRecord(f"{shown(path)}: {name} is not what its name says")
        url = f"sqlite:///{scratch / 'ledger.db'}"
        make_ledger(url, _excerpt(files, shown(path)))
        with closing(SqlLedger(url, store)) as ledger:
            store.why_gone = partial(why_gone, ledger)
            yield ledger, store


def _excerpt(files: Mapping[str, bytes], where: str) -> CaseExcerpt:
    def lines(name: str) -> list[Any]:
        return [json.loads(line) for line in files[f"{PAYLOAD}/{name}"].splitlines()]

    try:
        texts = files[f"{PAYLOAD}/{EVENTS}"].split(b"\n")[:-1]
        events = tuple(
            HashedEvent(chain, text, hash_) for text, (chain, hash_) in zip(texts, lines(CHAIN), strict=True)
        )
        rows = {table.name: tuple(lines(rows_path(table.name))) for table in TABLES}
        case_id = rows["cases"][0]["case_id"]
        own = [event for event in events if event.chain == case_id]
        head = Head(json.loads(own[-1].text)["number"], own[-1].hash)
        return CaseExcerpt(case_id, head, events, rows, tuple(lines(LINEAGE)), None)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise CorruptRecord(f"{where}: what it has of the ledger cannot be read: {error!r}") from None
