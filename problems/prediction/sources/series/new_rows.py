"""New series for a model of series: windows are cut as then, of all that was measured; none is censored."""

from dataclasses import replace
from pathlib import Path

from escalation.model.errors import BadInput
from escalation.text.wording import counted
from problems.prediction.sources.making import changed
from problems.prediction.sources.new_data import Learnt
from problems.prediction.sources.series.packing import Packed
from problems.prediction.sources.series.people import static_columns, static_of_new
from problems.prediction.sources.series.reading import (
    WATCHED,
    convolutions_of,
    convolving,
    recordings_of,
    statistics_of,
    summing,
    unit_of,
    watched_of,
    where_of,
    windows_of,
)
from problems.prediction.sources.series.recordings import Recordings
from problems.prediction.sources.series.spec import SeriesSpec
from problems.prediction.sources.series.windows import Counts
from toolbox.tables.raw import Numbers, RawTable, Texts


def read_new(spec: SeriesSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`."""
    made = learnt.made()
    found, table = recordings_of(spec, folder)
    if found.dated != made["dated"]:
        wanted, got = ("dates", "numbers") if made["dated"] else ("numbers", "dates")
        raise BadInput(f"expected times as {wanted}, as in the series that the model learnt from, got {got}")
    found, said = _measured(found.in_unit(unit_of(spec, found)), made["channels"])
    people = static_of_new(spec, folder, found, table)
    counts = Counts()
    windows = list(windows_of(spec, found, counts))
    if not windows:
        raise BadInput("expected windows that become rows, got none: the series are too short")
    rows = Packed(windows, found.channels)
    columns: dict[str, Texts | Numbers] = {}
    if people is not None:
        columns |= static_columns(spec, people, [window.recording.key for window in windows])
    summed = summing(found.channels, made["statistics"]["params"]["spacing"])
    columns |= {WATCHED: watched_of(windows)} | statistics_of(summed, rows, found.channels)
    remarks = [*found.remarks, *said, *counts.remarks(""), *changed(summed, made["statistics"])]
    blocks: dict[str, tuple[str, ...]] = {}
    if "convolutions" in made:
        # its function is this code's own: a record from elsewhere may name any
        convolved = convolutions_of(convolving(made["convolutions"]["params"]), rows)
        blocks["convolutions"] = tuple(convolved)
        columns |= convolved
    where = tuple(map(where_of, windows))
    return RawTable(columns, where, dict(found.source), remarks=tuple(remarks), blocks=blocks)


def _measured(found: Recordings, channels: list[str]) -> tuple[Recordings, tuple[str, ...]]:
    """The recordings with the channels of the model alone; those that have none of them are left out."""
    own = [
        replace(one, signals={name: one.signals[name] for name in channels if name in one.signals})
        for one in found.each
    ]
    kept = [one for one in own if len(one.times)]
    if not kept:
        raise BadInput(f"expected the channels {', '.join(channels)}, got {', '.join(found.channels)}")
    further = [name for name in found.channels if name not in channels]
    said = (f"not looked at: {', '.join(further)}, which the model did not learn from",) if further else ()
    if lost := len(own) - len(kept):
        said = (*said, f"{counted(lost, 'recording has', 'recordings have')} none of its channels: left out")
    return replace(found, each=kept, channels=tuple(channels)), said
