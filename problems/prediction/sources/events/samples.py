"""A few events in each kind of file, and what each field beside them changes."""

from pathlib import Path
from typing import Any

import numpy as np

from escalation.testing.sources import Source
from problems.prediction.sources.events.spec import EventsSpec
from problems.prediction.sources.stating import of_two_classes

EVENTS = 120


def samples(folder: Path) -> tuple[Source, ...]:
    """Writes the events; returns one set of files by a column, and two by kind."""
    import uproot

    table = _events()
    here = folder.name
    columns = ["pt", "mass", "channel", "run", "signal"]
    with uproot.recreate(folder / "events.root") as file:
        file["events"] = {name: table[name].to_numpy() for name in columns}
        file["generated"] = {"x": table["pt"].to_numpy()}
    for name, part in table.groupby("signal"):
        part.drop(columns="signal").to_csv(folder / f"{'signal' if name else 'background'}.csv", index=False)
    common = of_two_classes("mass") | _COMMON
    return (
        Source(
            "events in ROOT",
            EventsSpec,
            {"events": f"{here}/events.root", "target": "signal", "tree": "events"},
            common | {"positive": 0, "branches": ["pt", "mass", "signal"]},
        ),
        Source(
            "signal and background",
            EventsSpec,
            {"signal": f"{here}/signal.csv", "background": f"{here}/background.csv"},
            common,
        ),
    )


_COMMON: dict[str, Any] = {
    "subgroups": ["channel"],
    "group": "run",
    "time": "run",
    "weight": "channel",
    "drop": ["mass"],
    "categorical": ["channel"],
    "na_values": [2],
}


def _events() -> Any:
    import pandas as pd

    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "pt": rng.exponential(30, EVENTS).round(3),
            "mass": rng.normal(91, 3, EVENTS).round(3),
            "channel": rng.integers(1, 5, EVENTS),
            "run": rng.permutation(np.arange(EVENTS) // 2),
            "signal": np.arange(EVENTS) % 2,
        }
    )
