"""Small series in each kind of file, and what each field beside them changes."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.series.spec import SeriesSpec
from problems.prediction.sources.stating import of_two_classes

PEOPLE, HOURS = 60, 8
RATE_HZ, SECONDS = 4, 20


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes series of the same kind in all files; returns the ways to name them."""
    here = folder.name
    long, people = _long(folder), _people(folder)
    _wide(folder)
    common = {"drop": ["pulse: last"], "na_values": [2], "convolutions": 84, "every": 0.5}
    return (
        Source(
            "series of persons",
            SeriesSpec,
            {"series": f"{here}/{long}", "person": "who", "at": "hour", "channel": "what", "value": "value"}
            | {"people": f"{here}/{people}", "static": ["ward"], "target": "ill"},
            of_two_classes("pulse: mean")
            | common
            | {"subgroups": ["ward"], "positive": 0, "categorical": ["ward"], "window": 4, "step": "each"},
        ),
        Source(
            "windows with a horizon",
            SeriesSpec,
            {"series": f"{here}/wide.csv", "person": "who", "at": "when", "channels": ["pulse", "heat"]}
            | {"target": "until", "event": "died", "window": 3, "horizon": 2, "unit": "h"},
            of_two_classes("pulse: mean")
            | {name: value for name, value in common.items() if name != "convolutions"}
            | {"subgroups": ["pulse: mean"], "positive": 0, "static": ["ward"], "step": 2, "latest": True}
            | {"people": f"{here}/{people}"},
        ),
        Source(
            ".ts file",
            SeriesSpec,
            {"ts": f"{here}/{_ts(folder)}", "positive": "b"},
            of_two_classes("channel 1: mean")
            | {"subgroups": ["channel 1: mean"], "drop": ["channel 1: mean"], "window": 9, "step": "each"}
            | {"convolutions": 84, "every": 0.5},
        ),
        Source(
            "EDF files",
            SeriesSpec,
            {"edf": [f"{here}/{name}" for name in _edf(folder)], "window": 4, "unit": "s"}
            | {"annotations": {"N3": "deep", "W": "wake"}, "positive": "deep"},
            of_two_classes("EEG: mean")
            | {"subgroups": ["EEG: mean"], "drop": ["EEG: mean"], "step": 2, "horizon": 4}
            | {"convolutions": 84, "every": 0.5, "annotations.W": "other"},
        ),
    )


def _values(rng: np.random.Generator, ill: int, count: int) -> Any:
    return (rng.integers(0, 5, count) + ill * np.arange(count) / count).round(2)


def _start(person: int) -> datetime:
    return datetime(2026, 1, 1) + timedelta(hours=4 * person)


def _long(folder: Path) -> str:
    rng = np.random.default_rng(1)
    lines = ["who,hour,what,value"]
    for person in range(PEOPLE):
        for what in ("pulse", "heat"):
            values = _values(rng, person % 2, HOURS + 4)
            lines += [f"p{person},{100 + hour},{what},{value}" for hour, value in enumerate(values)]
    (folder / "long.csv").write_text("\n".join(lines) + "\n")
    return "long.csv"


def _people(folder: Path) -> str:
    rows = [
        f"p{person},{person % 3},{person % 2},{_start(person) + timedelta(hours=4)},{1 - person % 2}"
        for person in range(PEOPLE)
    ]
    (folder / "people.csv").write_text("\n".join(["who,ward,ill,until,died", *rows]) + "\n")
    return "people.csv"


def _wide(folder: Path) -> None:
    rng = np.random.default_rng(2)
    lines = ["who,when,pulse,heat,ward,until,died"]
    for person in range(PEOPLE):
        pulse, heat = _values(rng, person % 2, HOURS), _values(rng, 0, HOURS)
        until = _start(person) + timedelta(hours=6)
        lines += [
            f"p{person},{_start(person) + timedelta(hours=hour)},{pulse[hour]},{heat[hour]},{person % 3},"
            f"{until},{person % 2}"
            for hour in range(HOURS)
        ]
    (folder / "wide.csv").write_text("\n".join(lines) + "\n")


def _ts(folder: Path) -> str:
    rng = np.random.default_rng(3)
    lines = ["@problemName small", "@univariate false", "@classLabel true a b", "@data"]
    for case in range(PEOPLE):
        channels = [",".join(map(str, _values(rng, case % 2, 10 + case % 3))) for _ in range(2)]
        lines.append(":".join([*channels, "ab"[case % 2]]))
    (folder / "small.ts").write_text("\n".join(lines) + "\n")
    return "small.ts"


def _edf(folder: Path) -> list[str]:
    """Files with a signal and annotations: awake from a time on, deeply asleep after it."""
    rng = np.random.default_rng(4)
    names = []
    for file in range(PEOPLE):
        onset = 8 if file % 2 else 12
        said = f"+{onset}\x154\x14W\x14\0+{onset + 4}\x1510\x14N3\x14\0"
        names.append(f"night{file}.edf")
        (folder / names[-1]).write_bytes(edf_bytes(rng.integers(-500, 500, RATE_HZ * SECONDS), said))
    return names


def edf_bytes(samples: Any, annotations: str) -> bytes:
    """An EDF+ file of one data record: the signal EEG, scaled to a tenth, and annotations."""
    said = f"+0\x14\x14\0{annotations}".encode()
    said += b"\0" * (len(said) % 2)
    signals = [("EEG", "uV", -3276.8, 3276.7, len(samples)), ("EDF Annotations", "", -1, 1, len(said) // 2)]
    head = f"{'0':8}{'X X X X':80}{'Startdate X X X X':80}01.01.2600.00.00{256 * 3:<8}{'EDF+C':44}"
    head += f"{1:<8}{len(samples) / RATE_HZ:<8g}{2:<4}"
    columns = (
        [f"{label:16}" for label, *_ in signals],
        [" " * 80] * 2,
        [f"{unit:8}" for _, unit, *_ in signals],
        [f"{low:<8g}" for _, _, low, *_ in signals],
        [f"{high:<8g}" for *_, high, _ in signals],
        [f"{-32768:<8}"] * 2,
        [f"{32767:<8}"] * 2,
        [" " * 80] * 2,
        [f"{count:<8}" for *_, count in signals],
        [" " * 32] * 2,
    )
    head += "".join("".join(column) for column in columns)
    return head.encode("ascii") + np.asarray(samples, dtype="<i2").tobytes() + said
