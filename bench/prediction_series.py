"""Series and days: what the tiers reach on rows kept aside.

    python -m bench.prediction_series ../shared/data/domains [--seeds 1 2 3] [--only pbc]

Method. `pbc`: a row a visit of a patient with primary biliary cirrhosis, all that was measured until then as
statistics, whether death follows within a year; visits that were not followed a year are censored and left
out, patients stay together. `ozone`: days with the hours of the day before, the latest kept aside. Solved by
the command line with a target that nothing reaches, so that every open tier is tried. Printed: the ROC area
on rows kept aside, its one-sided bound, and the seconds of the attempt."""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.prediction_cases import shown, solved

MEASURED = ["bili", "chol", "albumin", "alk.phos", "ast", "platelet", "protime"]
FOUND = ["ascites", "hepato", "spiders", "edema", "stage"]
SETS: Mapping[str, Mapping[str, Any]] = {
    "pbc": {
        "series": "data/monitoring_pbcseq/pbcseq.csv",
        "person": "id",
        "at": "day",
        "channels": [*MEASURED, *FOUND],
        "static": ["age", "sex", "trt"],
        "step": "each",
        "target": "futime",
        "event": "status",
        "positive": 2,
        "horizon": 365.25,
    },
    "ozone": {
        "csv": "data/eo_ozone/ozone_eighthr.csv",
        "target": "ozone_day",
        "time": "date",
        "na_values": ["?"],
    },
}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    asked = parser.parse_args()
    print(machine())
    for name in asked.only:
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                data = Path(folder) / "data"
                data.symlink_to(asked.data.resolve())
                shown(name, seed, solved(Path(folder), SETS[name], seed))


if __name__ == "__main__":
    main()
