"""What a source is, and which there are: those in the folders here, and those of a site's own packages."""

import lzma
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from escalation.model.errors import BadInput, first_line
from escalation.ports.discovery import Found, find, found_in
from escalation.ports.registry import resolve
from escalation.testing.sources import Source
from escalation.text.nearest import did_you_mean
from escalation.text.wording import listed
from problems.prediction.stated.spec import ColumnsSpec, RowsSpec, checked, composed
from toolbox.tables.raw import RawTable

SOURCES = "tierwise.prediction_sources"
"""The group of entry points by which a site's own packages declare theirs."""


@dataclass(frozen=True)
class SourceDescriptor:
    """`sources/NAME/descriptor.py` holds one of these as DESCRIPTOR.

    Attributes:
        name: of the folder.
        summary: one line.
        named_by: fields of the instance that choose it; exactly one of all sources' is given.
        spec: `module:Model` of what a problem file may say, a `RowsSpec`.
        read: `module:function` from such a statement, the folder that paths start from and the seed to the
            rows as a `RawTable`, and what its columns are as a `ColumnsSpec`. Features are made row by row,
            nothing is fitted over rows. It raises `BadInput` with one line that names file and row.
        samples: `module:function` from a folder for small example files to the
            `escalation.testing.sources.Source`s that say what each field does.
        parse: `module:function` from an instance to the statement; default: by `spec` alone.
        read_new: `module:function` from the statement with new files in place of those that were learnt from,
            the folder that paths start from, and a `new_data.Learnt`, to a `RawTable` that has the columns
            of the model, made as they were then, and needs no outcome; "" where no new rows can be read.
        files: fields that name further files: labels, people.
        block_words: what the columns of a block of `RawTable.blocks` are together, where one of them says
            nothing by itself: `texture of the picture`.
        noun: what a row is to people, of several: `pictures`.
    """

    name: str
    summary: str
    named_by: tuple[str, ...]
    spec: str
    read: str
    samples: str
    parse: str = ""
    read_new: str = ""
    files: tuple[str, ...] = ()
    block_words: Mapping[str, str] = field(default_factory=dict)
    noun: str = "rows"


_OF_PACKERS = (zlib.error, lzma.LZMAError, struct.error)
_NUMBER = re.compile(r"\d[\d.,]*")
_PLAIN = re.compile(r"[A-Z]?[a-z]+([ ,;()…-]+[a-z]+)*[ ,;()….-]*")
"""No quotes, no names, and numbers left out: what a file holds is nobody's business."""


@cache
def _sources() -> Found[SourceDescriptor]:
    return find(found_in("problems.prediction.sources", SourceDescriptor, "source"), SOURCES, _usable)


def _usable(found: SourceDescriptor) -> None:
    """Makes sure that its fields choose it alone, and that its statement is one."""
    taken = {name: each.name for each in _here().values() for name in each.named_by}
    if shared := [name for name in found.named_by if name in taken]:
        raise BadInput(f"its field {shared[0]!r} chooses the source {taken[shared[0]]!r}")
    if not issubclass(resolve(found.spec), RowsSpec):
        raise BadInput(f"expected {found.spec} to be a class of RowsSpec")


def _here() -> Mapping[str, SourceDescriptor]:
    return found_in("problems.prediction.sources", SourceDescriptor, "source").known


def sources() -> Mapping[str, SourceDescriptor]:
    """The known sources by name."""
    return _sources().known


def source_of(instance: Mapping[str, Any]) -> SourceDescriptor:
    """The source that a problem file chooses.

    Raises:
        BadInput: when no field names one, or several do.
    """
    by_field = {field: each for each in sources().values() for field in each.named_by}
    given = [field for field in by_field if instance.get(field) is not None]
    if len(given) == 1:
        return by_field[given[0]]
    near = next((said for name in instance if (said := did_you_mean(name, by_field))), "")
    got = " and ".join(given) or f"none of them{near}"
    raise BadInput(f"instance: expected exactly one of {listed(sorted(by_field), most=None)}, got {got}")


def parse_spec(instance: Mapping[str, Any]) -> tuple[SourceDescriptor, RowsSpec]:
    """Checks what a problem file says under `instance`, without opening its data.

    Raises:
        BadInput: on an unknown field, a wrong type, or not exactly one source.
    """
    instance = composed(instance)
    source = source_of(instance)
    parsed = resolve(source.parse)(instance) if source.parse else checked(resolve(source.spec), instance)
    return source, parsed


def specs() -> tuple[type[RowsSpec], ...]:
    """What problem files may say, by source."""
    return tuple(resolve(each.spec) for each in sources().values())


def samples(folder: Path) -> tuple[Source, ...]:
    """Small example files of every source, and what each field does to them."""
    found: list[Source] = []
    for name, each in sources().items():
        (folder / name).mkdir()
        found += resolve(each.samples)(folder / name)
    return tuple(found)


def read(instance: Mapping[str, Any], seed: int, folder: Path) -> tuple[RawTable, ColumnsSpec]:
    """Reads the rows that a problem file names; raises `BadInput` with one line."""
    source, spec = parse_spec(instance)
    try:
        found: tuple[RawTable, ColumnsSpec] = resolve(source.read)(spec, folder, seed)
    except (ValueError, ArithmeticError, LookupError, MemoryError, EOFError, *_OF_PACKERS) as error:
        # readers refuse what they know; of what else stands in a file no type of error is sure
        raise BadInput(
            f"instance: the files of {source.name} hold what its reader cannot read ({_why(error)}): mend "
            "them, or report it with a file that shows it"
        ) from error
    return replace(found[0], noun=source.noun), found[1]


def _why(error: BaseException) -> str:
    """The kind of an error, with its reason where that is of plain words: names and values are none."""
    said = first_line(error, typed=False).partition(":")[0].strip()
    words = _NUMBER.sub("…", said)
    return type(error).__name__ + (f": {words}" if _PLAIN.fullmatch(words) else "")
