"""From files of events to rows: signal and background below each other."""

from dataclasses import replace
from pathlib import Path

from escalation.model.errors import BadInput
from problems.prediction.sources.events.root_file import read_root
from problems.prediction.sources.events.spec import EventsSpec, Paths
from problems.prediction.stated.spec import ColumnsSpec
from toolbox.tables.any_file import read_any
from toolbox.tables.joining import Named, stacked
from toolbox.tables.raw import RawTable, Texts

KIND, SIGNAL, BACKGROUND = "kind", "signal", "background"


def read(spec: EventsSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """See `SourceDescriptor.read`; chance plays no part."""
    said = {name: getattr(spec, name) for name in spec.model_fields_set & set(ColumnsSpec.model_fields)}
    if spec.events is not None:
        table = stacked(_named(spec, folder, spec.events))
    else:
        table = _both(spec, folder)
        said |= {"target": KIND, "positive": SIGNAL}
    return table, ColumnsSpec.model_validate(said)


def _both(spec: EventsSpec, folder: Path) -> RawTable:
    assert spec.signal is not None
    assert spec.background is not None
    signal, background = (_named(spec, folder, each) for each in (spec.signal, spec.background))
    for name, table in (*signal, *background):
        if KIND in table.columns:
            raise BadInput(
                f"{name}: column {KIND!r}: this name is taken for signal and background: rename it"
            )
    both = stacked([*signal, *background])
    count = sum(len(table) for _, table in signal)
    kinds: Texts = [*[SIGNAL] * count, *[BACKGROUND] * (len(both) - count)]
    return replace(both, columns={**both.columns, KIND: kinds})


def _named(spec: EventsSpec, folder: Path, given: Paths) -> list[Named]:
    return [(path, read_one(spec, folder / path)) for path in ([given] if isinstance(given, str) else given)]


def read_one(spec: EventsSpec, path: Path) -> RawTable:
    """Reads a file of events, by what its name ends with."""
    if path.suffix.lower() == ".root":
        return read_root(path, spec.tree, spec.branches, spec.drop, spec.na_values)
    return read_any(path, spec.na_values, set(spec.drop) - set(spec.subgroups))
