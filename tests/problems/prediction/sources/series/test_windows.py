"""Windows, their labels, and those that nobody can label; times and answers by hand."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.series.recordings import Annotation, Recording, Signal
from problems.prediction.sources.series.windows import (
    Counts,
    Followed,
    Stretches,
    annotated,
    cut,
    measured,
    within_horizon,
)


def person(name: str, times: list[float], **more: Any) -> Recording:
    signal = Signal(np.array(times, dtype=float), np.arange(len(times), dtype=float))
    return Recording(name, f"person {name}", {"pulse": signal}, key=name, **more)


def labels(
    recordings: list[Recording], cutting: Stretches, seen: Mapping[str, Followed], horizon: float
) -> Any:
    counts = Counts()
    windows = within_horizon(measured(cut(recordings, cutting), counts), seen, horizon, counts)
    return [(window.recording.person, window.until, window.label) for window in windows], counts


def test_a_window_is_labelled_by_the_event_within_its_horizon() -> None:
    visits = person("a", [0, 100, 300, 500])
    found, counts = labels([visits], Stretches(), {"a": Followed(560, happened=True)}, 100)
    assert found == [("a", 0, "no"), ("a", 100, "no"), ("a", 300, "no"), ("a", 500, "yes")]
    assert counts == Counts()


def test_an_event_at_the_end_of_the_horizon_is_within_it() -> None:
    found, _ = labels([person("a", [0])], Stretches(), {"a": Followed(100, happened=True)}, 100)
    assert found == [("a", 0, "yes")]


def test_a_window_whose_horizon_was_not_seen_to_its_end_is_censored_and_never_taken_for_no_event() -> None:
    people = [person("a", [0, 450]), person("b", [0, 40])]
    seen = {"a": Followed(500, happened=False), "b": Followed(100, happened=False)}
    found, counts = labels(people, Stretches(), seen, 100)
    assert found == [("a", 0, "no"), ("b", 0, "no")]
    assert (counts.censored, counts.censored_people) == (2, {"a", "b"})
    assert counts.remarks("100 d")[0].startswith("2 windows are censored (2 persons)")


def test_followed_to_the_end_of_the_horizon_without_the_event_is_no_event() -> None:
    found, _ = labels([person("a", [0])], Stretches(), {"a": Followed(100, happened=False)}, 100)
    assert found == [("a", 0, "no")]


def test_windows_at_or_after_the_event_ask_nothing() -> None:
    found, counts = labels([person("a", [0, 5, 9])], Stretches(), {"a": Followed(5, happened=True)}, 3)
    assert found == [("a", 0, "no")]
    assert counts.past == 2


@pytest.mark.parametrize(
    ("cutting", "ends"),
    [
        (Stretches(4, 4), [3, 7, 11]),  # samples at 0 to 11, each standing for the second before it
        (Stretches(4, 2), [3, 5, 7, 9, 11]),
        (Stretches(20, 20), []),
    ],
)
def test_windows_of_regular_samples_hold_as_many_as_fit(cutting: Stretches, ends: list[float]) -> None:
    windows = list(cut([person("a", list(range(12)))], cutting))
    assert [window.until for window in windows] == ends
    for window in windows:
        assert len(window.recording.signals["pulse"].between(window.after, window.until).times) == 4


def test_windows_in_which_nothing_was_measured_are_left_out_and_counted() -> None:
    counts = Counts()
    kept = list(measured(cut([person("a", [0, 1, 2, 50, 51.5])], Stretches(10, 10)), counts))
    assert [window.until for window in kept] == [10, 50]
    assert counts.empty == 3


def test_an_annotation_labels_the_windows_that_it_covers_whole() -> None:
    night = person(
        "n",
        list(range(20)),
        annotations=(Annotation(0, 8, "W"), Annotation(8, 6, "N3"), Annotation(8, 1, "spike")),
    )
    counts = Counts()
    found = annotated(cut([night], Stretches(4, 4)), {"W": "awake", "N3": "deep"}, counts)
    assert [(window.until, window.label) for window in found] == [(3, "awake"), (7, "awake"), (11, "deep")]
    assert counts.unmarked == 2


@pytest.mark.parametrize("step", [1e-7, 5e-324])
def test_too_many_windows_are_refused_before_they_are_made(step: float) -> None:
    people = [person("a", [0, 10, 100])]
    with pytest.raises(BadInput, match="expected at most 500,000 windows"):
        list(cut(people, Stretches(length=10, step=step)))


def test_windows_of_all_persons_count_together() -> None:
    people = [person(str(number), [0, 1000]) for number in range(6)]
    with pytest.raises(BadInput, match="expected at most 500,000 windows"):
        for _ in cut(people, Stretches(length=1, step=0.01)):
            pass


@pytest.mark.parametrize("spacing", [0.1, 0.01, 1 / 3, 1 / 24])
def test_rounding_of_times_moves_no_sample_to_the_next_window(spacing: float) -> None:
    # 2026-01-01 in days: neighbouring doubles lie 4e-12 apart there
    one = person("a", (20_454 + spacing * np.arange(100)).tolist())
    windows = list(cut([one], Stretches(10 * spacing, 10 * spacing)))
    found = [one.signals["pulse"].between(each.after, each.until).values.tolist() for each in windows]
    assert found == np.arange(100.0).reshape(10, 10).tolist()


def test_rounding_of_times_changes_no_label() -> None:
    hours = [(1_767_225_600 + 3600 * hour) / 86_400 for hour in range(48)]
    for last in range(7, 48):
        seen = {"a": Followed(hours[last], happened=False)}
        found, counts = labels([person("a", hours)], Stretches(), seen, 7 / 24)
        assert len(found) == last - 6, last  # seven hours were seen after each up to last - 7
        assert (counts.censored, counts.past) == (6, 48 - last), last


def test_of_channels_of_several_rates_a_window_has_the_same_stretch() -> None:
    fast, slow = np.arange(9000) / 100, np.arange(90.0)
    night = Recording("n", "night", {"EEG": Signal(fast, fast), "temperature": Signal(slow, slow)}, key="n")
    for turned in (night, Recording("n", "night", dict([*night.signals.items()][::-1]), key="n")):
        windows = list(cut([turned], Stretches(30, 30)))
        for name, rate in (("EEG", 100), ("temperature", 1)):
            parts = [turned.signals[name].between(each.after, each.until).times for each in windows]
            assert [(part[0], len(part)) for part in parts] == [
                (0, 30 * rate),
                (30, 30 * rate),
                (60, 30 * rate),
            ]


def test_a_window_whose_last_sample_is_of_the_next_annotation_is_not_covered() -> None:
    night = person("n", list(range(12)), annotations=(Annotation(0, 8, "W"), Annotation(8, 4, "N3")))
    found = annotated(cut([night], Stretches(4, 1)), {"W": "awake", "N3": "deep"}, Counts())
    assert [(each.until, each.label) for each in found] == [
        *((end, "awake") for end in range(3, 8)),
        (11, "deep"),
    ]
