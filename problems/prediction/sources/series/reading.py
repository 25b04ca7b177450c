"""From series to rows: windows are cut, labelled and summed up."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from escalation.text.wording import counted
from problems.prediction.sources.making import FeatureWork, make_features
from problems.prediction.sources.series import windows as cutting
from problems.prediction.sources.series.convolutions import LENGTH
from problems.prediction.sources.series.edf import read_edf
from problems.prediction.sources.series.grid import gaps
from problems.prediction.sources.series.long_table import read_long
from problems.prediction.sources.series.packing import Packed
from problems.prediction.sources.series.people import (
    KnownPeople,
    classes,
    followed,
    read_people,
    static_columns,
)
from problems.prediction.sources.series.recordings import Recordings
from problems.prediction.sources.series.spec import Paths, SeriesSpec
from problems.prediction.sources.series.statistics import PLAIN, REGULAR
from problems.prediction.sources.series.ts_file import read_ts
from problems.prediction.sources.series.windows import Counts, Stretches, Window
from problems.prediction.stated.spec import ColumnsSpec, TaskSpec
from toolbox.arrays.types import Floats
from toolbox.tables.as_numbers import SECONDS
from toolbox.tables.raw import Numbers, RawTable, Texts

CLASS, PERSON, ENDS, WATCHED = "class", "person", "ends", "watched"
_HERE = "problems.prediction.sources.series.features"
CHUNK_ROWS = 64
MOST_SAMPLES = 10_000_000
"""Of a row on a stated grid."""


def read(spec: SeriesSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """See `SourceDescriptor.read`; of it the random convolutions alone depend on the seed."""
    found, table = recordings_of(spec, folder)
    seconds = unit_of(spec, found)
    found = found.in_unit(seconds)
    people = None
    if spec.ts is None and (spec.people is not None or spec.series is not None):
        found, people = read_people(spec, folder, found, table)
    counts = Counts()
    windows = list(_labelled(spec, found, people, counts, seconds))
    if not windows:
        said = "; ".join(counts.remarks(_horizon(spec)))
        raise BadInput(f"expected windows that become rows, got none{f': {said}' if said else ''}")
    return _rows(spec, found, people, windows, counts, seed=seed)


def recordings_of(spec: SeriesSpec, folder: Path) -> tuple[Recordings, RawTable | None]:
    """The recordings of the files, and the table that they come from where it is one."""
    if spec.ts is not None:
        return read_ts(_paths(folder, spec.ts)), None
    if spec.edf is not None:
        return read_edf(_paths(folder, spec.edf)), None
    return read_long(folder / str(spec.series), spec.long, spec.na_values)


def _paths(folder: Path, paths: Paths) -> list[Path]:
    return [folder / each for each in ([paths] if isinstance(paths, str) else paths)]


def unit_of(spec: SeriesSpec, found: Recordings) -> float:
    """The seconds of the unit in which the problem file writes durations; 1 where times are plain numbers."""
    if spec.edf is not None:
        return SECONDS[spec.unit or "s"]
    if found.dated:
        return SECONDS[spec.unit or "d"]
    if spec.unit is not None:
        raise BadInput(
            "instance: unit would have no effect: the times are numbers, in whatever unit they have"
        )
    return 1.0


def _horizon(spec: SeriesSpec) -> str:
    return f"{spec.horizon or 0:g}{f' {spec.unit}' if spec.unit else ''}"


def _labelled(
    spec: SeriesSpec, found: Recordings, people: KnownPeople | None, counts: Counts, seconds: float
) -> Iterator[Window]:
    windows = windows_of(spec, found, counts)
    if spec.annotations:
        if spec.horizon is None:
            return cutting.annotated(windows, spec.annotations, counts)
        return cutting.within_horizon(windows, _first_annotated(spec, found), spec.horizon, counts)
    if spec.horizon is not None:
        assert people is not None
        return cutting.within_horizon(windows, followed(spec, people, found, seconds), spec.horizon, counts)
    return windows


def windows_of(spec: SeriesSpec, found: Recordings, counts: Counts) -> Iterator[Window]:
    """The windows in which something was measured, whatever is known of them."""
    step = None if spec.step == "each" else spec.step or spec.window
    cut = cutting.cut(found.each, Stretches(spec.window, step, whole=not spec.cut))
    return cutting.measured(cut, counts)


def _first_annotated(spec: SeriesSpec, found: Recordings) -> Mapping[str, cutting.Followed]:
    seen = {}
    for one in found.each:
        onsets = [each.onset for each in one.annotations if each.text in spec.annotations]
        seen[one.key] = cutting.Followed(min(onsets, default=one.span[1]), bool(onsets))
    return seen


def _rows(
    spec: SeriesSpec,
    found: Recordings,
    people: KnownPeople | None,
    windows: list[Window],
    counts: Counts,
    *,
    seed: int,
) -> tuple[RawTable, ColumnsSpec]:
    spacing, said = _spacing(spec, found)
    columns: dict[str, Texts | Numbers] = {}
    keys = [window.recording.key for window in windows]
    if people is not None:
        columns |= static_columns(spec, people, keys)
    rows = Packed(windows, found.channels)
    written = {*columns}
    columns |= _watched(windows, found)
    summed = summing(found.channels, spacing)
    columns |= {
        name: column
        for name, column in statistics_of(summed, rows, found.channels).items()
        if _varies(column) and (_counts(spec, found) or not name.endswith(": count"))
    }
    blocks: dict[str, tuple[str, ...]] = {}
    made: dict[str, Any] = {
        "channels": list(found.channels),
        "dated": found.dated,
        "statistics": summed.identity,
    }
    if spec.convolutions:
        work = convolving(_convolutions(spec, found, windows, spacing=spacing, seed=seed))
        convolved = {name: column for name, column in convolutions_of(work, rows).items() if _varies(column)}
        blocks["convolutions"] = tuple(convolved)
        columns |= convolved
        made["convolutions"] = work.identity
    computed = tuple(name for name in columns if name not in written)
    outcome, target = _outcome(spec, people, windows, keys)
    columns |= outcome
    if _grouped(spec):
        columns[PERSON] = [window.recording.person for window in windows]
    if spec.latest:
        columns[ENDS] = np.array([window.until for window in windows])
    source = {**found.source, "rows": len(windows), "made": made} | (
        {"people": people.source} if people and people.source else {}
    )
    table = RawTable(
        columns,
        tuple(where_of(window) for window in windows),
        source,
        remarks=(*found.remarks, *(people.remarks if people else ()), *counts.remarks(_horizon(spec)), *said),
        blocks=blocks,
        made=computed,
    )
    return table, _roles(spec, target)


def where_of(window: Window) -> str:
    """How a row is named to people."""
    where = window.recording.where
    return where if np.isinf(window.until) else f"{where}, window until {window.until:g}"


def _spacing(spec: SeriesSpec, found: Recordings) -> tuple[float | None, tuple[str, ...]]:
    """The grid of what needs one, and what a reader should know of irregular times, gaps and lengths."""
    own = found.spacing
    lengths = [len(one.times) for one in found.each]
    said = []
    if min(lengths) < max(lengths):
        said.append(
            f"series are of unequal length: {min(lengths):,} to {max(lengths):,} times of measurement"
        )
    if np.isnan(own) and spec.every is None:
        said.append(
            "times are irregular: spectra, autocorrelation and crossings are left out (`every` states a "
            "grid for them)"
        )
        return None, tuple(said)
    spacing = spec.every if spec.every is not None else own
    _refuse_fine(spec, found)
    if np.isnan(own):
        said.append(
            f"times are irregular: values are taken from straight lines between them every {spacing:g}"
        )
    holes = [gaps(signal, spacing) for one in found.each for signal in one.signals.values()]
    if count := sum(map(len, holes)):
        longest = max(float(each.max()) for each in holes if len(each))
        said.append(
            f"{counted(count, 'gap', 'gaps')} of more than five times the distance of samples, the longest "
            f"{longest:g}: for spectra and convolutions filled with straight lines"
        )
    return spacing, tuple(said)


def _refuse_fine(spec: SeriesSpec, found: Recordings) -> None:
    """Refuses a stated grid of more samples than memory holds: nothing else bounds it."""
    longest = max(one.span[1] - one.span[0] for one in found.each)
    samples = min(longest, spec.window or longest) / (spec.every or np.inf)
    if not samples <= MOST_SAMPLES:
        raise BadInput(
            f"instance: every: expected at most {MOST_SAMPLES:,} samples a row, got {samples:.3g}: take a "
            "longer distance"
        )


def _watched(windows: list[Window], found: Recordings) -> dict[str, Numbers]:
    """How long a person was measured before the row's end, where that differs.

    Of windows on a regular grid it would count the rows.
    """
    if not np.isnan(found.spacing) and np.isfinite(windows[0].until):
        return {}
    watched = watched_of(windows)
    return {WATCHED: watched} if len(np.unique(watched)) > 1 else {}


def watched_of(windows: list[Window]) -> Floats:
    """The time from a person's first measurement to the row's end."""
    ends = [w.until if np.isfinite(w.until) else w.recording.span[1] for w in windows]
    return np.array([end - w.recording.span[0] for end, w in zip(ends, windows, strict=True)])


def _counts(spec: SeriesSpec, found: Recordings) -> bool:
    """Whether the number of values says something: of ever longer histories it would count the rows."""
    if spec.cut and spec.window is None:
        return False
    missing = any(np.isnan(each.values).any() for one in found.each for each in one.signals.values())
    return bool(missing or np.isnan(found.spacing))


def summing(channels: Sequence[str], spacing: float | None) -> FeatureWork:
    """The work that sums rows up: statistics, with a grid also those that need one."""
    return FeatureWork(f"{_HERE}:summaries", params={"channels": len(channels), "spacing": spacing})


def statistics_of(work: FeatureWork, rows: Packed, channels: Sequence[str]) -> dict[str, Numbers]:
    """Statistics by `channel: name`."""
    made = make_features(work, rows, what="statistics of series", chunk_rows=CHUNK_ROWS)
    numbers = PLAIN if work.params["spacing"] is None else PLAIN + REGULAR
    names = [f"{channel}: {number}" for channel in channels for number in numbers]
    return dict(zip(names, made.T, strict=True))


def _varies(column: Floats) -> bool:
    present = column[~np.isnan(column)]
    return len(present) > 0 and bool(np.any(present != present[0]))


def _convolutions(
    spec: SeriesSpec,
    found: Recordings,
    windows: list[Window],
    *,
    spacing: float | None,
    seed: int,
) -> dict[str, Any]:
    """Their parameters."""
    if spacing is None:
        raise BadInput("instance: convolutions: times are irregular: state a grid for them with `every`")
    samples = _usual(windows, spacing)
    if samples < LENGTH:
        raise BadInput(
            f"instance: convolutions: expected rows of at least {LENGTH} samples, got {samples} in most"
        )
    return {
        "channels": len(found.channels),
        "spacing": spacing,
        "count": spec.convolutions,
        "samples": samples,
        "seed": derive_seed(seed, "random convolutions"),
    }


def convolving(params: Mapping[str, Any]) -> FeatureWork:
    """The work that makes random convolutions."""
    return FeatureWork(f"{_HERE}:convolved", params=params)


def convolutions_of(work: FeatureWork, rows: Packed) -> dict[str, Numbers]:
    """What random convolutions make of rows."""
    made = make_features(work, rows, what="random convolutions of series", chunk_rows=CHUNK_ROWS)
    return {f"convolution {i + 1}": column for i, column in enumerate(made.T)}


def _usual(windows: list[Window], spacing: float) -> int:
    """Samples of the row of median length."""
    spans = []
    for window in windows:
        first, last = window.recording.span
        spans.append(min(window.until, last) - max(window.after + spacing, first))
    return int(np.floor(np.median(spans) / spacing + 0.5)) + 1


def _outcome(
    spec: SeriesSpec, people: KnownPeople | None, windows: list[Window], keys: list[str]
) -> tuple[dict[str, Texts | Numbers], str]:
    """The columns of the outcome, and the name of the target."""
    if spec.horizon is not None:
        name = f"event within {_horizon(spec)}"
        return {name: [window.label for window in windows]}, name
    if spec.annotations or spec.ts is not None:
        own = [window.label if spec.annotations else window.recording.label for window in windows]
        if None in own:
            raise BadInput(
                "a .ts file without @classLabel true says no outcome: expected the class of each case"
            )
        return {CLASS: own}, CLASS
    assert people is not None
    return {str(spec.target): classes(spec, people, keys)}, str(spec.target)


def _grouped(spec: SeriesSpec) -> bool:
    """Whether rows belong to somebody: the whole cases of `.ts` files are nobody's."""
    return spec.ts is None or spec.cut


def _roles(spec: SeriesSpec, target: str) -> ColumnsSpec:
    """What the columns are."""
    # event and horizon are of the windows here, none of the task's
    of_the_task = set(TaskSpec.model_fields) - set(SeriesSpec.__annotations__)
    said = {name: getattr(spec, name) for name in spec.model_fields_set & of_the_task}
    if spec.horizon is not None:
        said["positive"] = cutting.YES
    return ColumnsSpec.model_validate(
        {
            **said,
            "target": target,
            "group": PERSON if _grouped(spec) else None,
            "time": ENDS if spec.latest else None,
            "drop": spec.drop,
            "categorical": spec.categorical,
        }
    )
