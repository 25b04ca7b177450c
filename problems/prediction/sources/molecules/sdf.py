"""SDF files (V2000 and V3000) as molecules and their data fields, a record for each `$$$$`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput
from toolbox.tables.missing import Missing
from toolbox.tables.raw import RawTable, Texts
from toolbox.tables.raw_files import NA_VALUES, Value
from toolbox.tables.text_file import TextFile, read_text

_FIELD = re.compile(r">.*?<(?P<name>[^<>]+)>")
_END = "M  END"


@dataclass(frozen=True)
class SdfRecord:
    """A molecule: its block of atoms and bonds, its data, and the line it begins at."""

    block: str
    data: dict[str, str]
    line: int


def read_sdf(path: Path, na_values: Sequence[Value] = ()) -> tuple[list[str], RawTable]:
    """Returns the blocks of the molecules, and their data fields as a table.

    Raises:
        BadInput: when a record has no `M  END`, or there is no molecule.
    """
    file = read_text(path, MOST_BYTES, "expected molecules, got an empty file")
    records = _records(file)
    if not records:
        raise BadInput(f"{path}: expected molecules, got none")
    names = dict.fromkeys(name for record in records for name in record.data)
    missing = Missing(NA_VALUES, na_values)
    columns: dict[str, Texts] = {
        name: [None if missing(value := record.data.get(name, "")) else value for record in records]
        for name in names
    }
    where = tuple(f"molecule {place} (line {record.line})" for place, record in enumerate(records, 1))
    source = {"molecules": path.name, "sha256": file.sha256}
    return [record.block for record in records], RawTable(columns, where, source, remarks=missing.remarks)


def _records(file: TextFile) -> list[SdfRecord]:
    records: list[SdfRecord] = []
    lines = file.text.splitlines()
    start = 0
    for stop in [*(place for place, line in enumerate(lines) if line.startswith("$$$$")), len(lines)]:
        own = lines[start:stop]
        if any(line.strip() for line in own):
            records.append(_record(file, own, start + 1))
        start = stop + 1
    return records


def _record(file: TextFile, lines: list[str], first: int) -> SdfRecord:
    end = next((place for place, line in enumerate(lines) if line.startswith(_END)), None)
    if end is None:
        raise file.complain(first, f"expected a molecule that ends with {_END!r}, got none up to $$$$")
    data: dict[str, str] = {}
    name = None
    for line in lines[end + 1 :]:
        if found := _FIELD.match(line):
            name = found["name"].strip()
            data[name] = ""
        elif name is not None and line.strip():
            data[name] = f"{data[name]} {line.strip()}".strip()
        else:
            name = None
    return SdfRecord("\n".join(lines[: end + 1]) + "\n", data, first)
