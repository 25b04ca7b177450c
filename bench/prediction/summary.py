"""What the lines come to: places, distances from the best, seconds to a score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from bench.prediction.comparing import Comparison
from bench.prediction.judging import Judge, error_of_difference, ranks
from bench.prediction.lines import Line
from bench.prediction.sets import BY_NAME, SEED

OURS = "tierwise"
Times = tuple[float | None, float, float | None, float]
"""Our seconds until their score, their seconds, their seconds until our score, our seconds."""


@dataclass(frozen=True)
class Against:
    """How far our answer is from the best of the others on a set.

    Attributes:
        best: who that is.
        behind: of the metric, above 0 where we are behind.
        error: the standard error of that difference; None where there is no answer of ours.
    """

    best: str
    behind: float
    error: float | None

    @property
    def beyond(self) -> bool:
        """Whether we are behind by more than the standard error."""
        return self.error is None or self.behind > self.error


def by_table(lines: Sequence[Line]) -> dict[str, dict[str, Line]]:
    """The lines of each set by contestant, in the order of the sets."""
    found: dict[str, dict[str, Line]] = {name: {} for name in BY_NAME}
    for line in lines:
        if line.table in found:
            found[line.table][line.contestant] = line
    return {name: of for name, of in found.items() if of}


def compared(of: Mapping[str, Line], seconds: float, ours: str) -> dict[str, Line]:
    """Those that are placed: everybody with these seconds; of ours that answer alone."""
    return {
        name: line
        for name, line in of.items()
        if name == ours or " " not in name or (name.endswith(f" {seconds:g} s") and not name.startswith(OURS))
    }


def placed(of: Mapping[str, Line], sign: float) -> dict[str, float]:
    """Place of each by its estimate."""
    return ranks({name: line.estimate for name, line in of.items()}, sign)


def against(comparison: Comparison, of: Mapping[str, Line], ours: str, judge: Judge) -> Against | None:
    """Our answer against the best of the others; None where there are no others."""
    others = {n: line.estimate for n, line in of.items() if n != ours and line.estimate is not None}
    if not others or ours not in of:
        return None
    best = max(others, key=lambda name: judge.sign * others[name])
    own = of[ours].estimate
    if own is None:
        return Against(best, float("inf"), None)
    one, other = (
        judge.without_each(judge.read(comparison.lines.folder / of[name].predictions))
        for name in (best, ours)
    )
    return Against(best, judge.sign * (others[best] - own), error_of_difference(one, other))


def until(of: Mapping[str, Line], name: str, score: float, sign: float) -> float | None:
    """Least wall clock with which a contestant, at any of its seconds, reached a score."""
    reached = [
        line.wall_s
        for label, line in of.items()
        if label.partition(" ")[0] == name
        and ": " not in label
        and line.estimate is not None
        and sign * (line.estimate - score) >= 0
    ]
    return min(reached, default=None)


def show(comparison: Comparison, seconds: float, *, free: bool = False) -> None:
    """Prints a table a set, then what all of them come to; `free` has ours without a limit."""
    tables = by_table(list(comparison.lines.read()))
    ours = f"{OURS} free" if free else f"{OURS} {seconds:g} s"
    everyone: dict[str, list[float]] = {}
    instead: dict[str, list[float]] = {}
    distances: list[tuple[str, Against]] = []
    times: dict[str, list[Times]] = {}
    took: dict[str, list[Line]] = {}
    for name, of in tables.items():
        judge = Judge.of(comparison.load(BY_NAME[name]), BY_NAME[name].metric, SEED)
        main = compared(of, seconds, ours)
        places = placed(main, judge.sign)
        distance = against(comparison, main, ours, judge)
        _print_set(name, of, places, distance)
        for label, place in places.items():
            everyone.setdefault(label, []).append(place)
            took.setdefault(label, []).append(main[label])
        for part in ("hpc", "ai"):
            if ours in main:
                line = of.get(f"{ours}: {part}", main[ours])
                instead.setdefault(part, []).append(placed({**main, ours: line}, judge.sign)[ours])
        if distance:
            distances.append((name, distance))
        _note_times(of, main, ours, judge.sign, times)
    _print_places(everyone, instead, took)
    _print_behind(distances)
    _print_times(times)


def _note_times(
    of: Mapping[str, Line],
    main: Mapping[str, Line],
    ours: str,
    sign: float,
    times: dict[str, list[Times]],
) -> None:
    own = main.get(ours)
    for label, line in main.items():
        if label != ours and own is not None and own.estimate is not None and line.estimate is not None:
            name = label.partition(" ")[0]
            times.setdefault(label, []).append(
                (
                    until(of, OURS, line.estimate, sign),
                    line.wall_s,
                    until(of, name, own.estimate, sign),
                    own.wall_s,
                )
            )


def _print_set(
    name: str, of: Mapping[str, Line], places: Mapping[str, float], distance: Against | None
) -> None:
    table = BY_NAME[name]
    kind = table.instance.get("task", "binary")
    print(f"\n{name}: {table.of}, {table.rows} rows, {table.columns} columns, {kind}, {table.metric}")
    for label, line in of.items():
        estimate, bound = (
            f"{each:11.5g}" if each is not None else f"{'-':>11}" for each in (line.estimate, line.bound)
        )
        place = f"{places[label]:4.1f}" if label in places else "    "
        print(
            f"  {label:22}{estimate}{bound} {line.wall_s:7.1f} s {line.cpu_s:7.1f} CPU s"
            f" {place}  {line.said[:50]}"
        )
    if distance:
        error = "no answer" if distance.error is None else f"standard error {distance.error:.4f}"
        verdict = "BEHIND by more than that" if distance.beyond else "not behind by more"
        print(f"  ours is {distance.behind:+.4f} behind {distance.best} ({error}): {verdict}")


def _print_places(
    everyone: Mapping[str, list[float]],
    instead: Mapping[str, list[float]],
    took: Mapping[str, list[Line]],
) -> None:
    print(f"\nMean place, seconds (seed {SEED})")
    for label, places in sorted(everyone.items(), key=lambda each: fmean(each[1])):
        walls, cpus = ([getattr(line, n) for line in took[label]] for n in ("wall_s", "cpu_s"))
        without = sum(line.estimate is None for line in took[label])
        print(
            f"  {label:22} {fmean(places):5.2f} of {len(places)} sets, median {median(walls):6.1f} s, "
            f"{median(cpus):6.1f} CPU s; {without} without an answer"
        )
    for part, places in instead.items():
        print(f"  the {part} tier in place of our answer: {fmean(places):.2f}")


def _print_behind(distances: Sequence[tuple[str, Against]]) -> None:
    behind = [f"{name} ({each.behind:.4f}, {each.best})" for name, each in distances if each.beyond]
    print(f"Behind the best by more than the standard error on {len(behind)} of {len(distances)} sets")
    for line in behind:
        print(f"  {line}")


def _print_times(times: Mapping[str, list[Times]]) -> None:
    print("Wall clock to the other's score, as far as it was measured")
    for label, found in times.items():
        own = [mine / theirs for mine, theirs, _, _ in found if mine is not None]
        other = [theirs / mine for _, _, theirs, mine in found if theirs is not None]
        print(
            f"  {label:22} we reach its score on {len(own)} of {len(found)} sets"
            f"{f', in {median(own):.2f} of its seconds' if own else ''}; it reaches ours on {len(other)}"
            f"{f', in {median(other):.2f} of ours' if other else ''}"
        )
