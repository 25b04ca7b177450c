"""Cells, eyes, doses, tumours: what the tiers reach on rows kept aside.

    python -m bench.prediction_clinic ../shared/data/domains [--seeds 1 2 3] [--only cells]

Method. `cells`: whether a cell was segmented well, of its measurements in four channels (Hill et al. 2007).
`glaucoma`: 62 measurements of laser scans of the optic nerve. `warfarin`: whether a stable dose is at most 21
mg a week, of patients of 22 sites, whole sites kept aside (IWPC). `nki70`: recurrence of breast cancer from
70 genes and the clinic within five years, by Uno's C. Solved by the command line with a target that nothing
reaches, so that every open tier is tried. Printed: the ROC area (of `nki70` Uno's C) on rows kept aside, its
one-sided bound, and the seconds of the attempt."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bench.machine import machine
from bench.prediction_cases import UNREACHED, arguments, shown, solved

LOW_DOSE = 21
"""Milligrams a week up to which a dose is low (IWPC, NEJM 2009;360:753)."""
TIMED = {"metric": "concordance", "at_least": 0.9999, "confidence": 0.95}


def _doses(table: pd.DataFrame) -> pd.DataFrame:
    stable = table[table["stable"] == 1]
    low = (stable["dose_mg_week"] <= LOW_DOSE).map({True: "yes", False: "no"})
    statin = stable["simvastatin"].replace({"NO": "0", "YES": "1"})
    # the ratio is what the dose was set by; one column of indications has several in a cell
    known = stable.drop(columns=["dose_mg_week", "stable", "inr", "indication"])
    return known.assign(simvastatin=statin, low=low)


def _as_it_is(table: pd.DataFrame) -> pd.DataFrame:
    return table


SETS: Mapping[
    str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame], Mapping[str, Any], Mapping[str, Any]]
] = {
    "glaucoma": (
        "imaging_glaucoma/glaucoma.csv",
        _as_it_is,
        {"target": "Class", "positive": "glaucoma"},
        UNREACHED,
    ),
    "warfarin": (
        "pgx_iwpc/iwpc.csv",
        _doses,
        {"target": "low", "positive": "yes", "group": "site"},
        UNREACHED,
    ),
    "cells": (
        "imaging_cells/cells.csv",
        _as_it_is,
        {"target": "class", "positive": "PS", "drop": ["case"]},
        UNREACHED,
    ),
    "nki70": (
        "omics_nki70/nki70.csv",
        _as_it_is,
        {"task": "time_to_event", "target": "time", "event": "event", "horizon": 5},
        TIMED,
    ),
}
"""Where it is, what is made of it, what is stated of it, the target."""


def main() -> None:
    """Prints the table."""
    asked = arguments(SETS, __doc__)
    print(machine())
    for name in asked.only:
        path, made_of, instance, target = SETS[name]
        rows = made_of(pd.read_csv(asked.data / path, low_memory=False))
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                rows.to_csv(Path(folder) / "rows.csv", index=False)
                shown(name, seed, solved(Path(folder), {"csv": "rows.csv", **instance}, seed, target))


if __name__ == "__main__":
    main()
