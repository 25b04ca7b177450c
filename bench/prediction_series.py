"""Series and days: what the tiers reach on rows kept aside.

    python -m bench.prediction_series ../shared/data/domains [--seeds 1 2 3] [--only pbc]

Method. `pbc`: a row a visit of a patient with primary biliary cirrhosis, all that was measured until then as
statistics, whether death follows within a year; visits that were not followed a year are censored and left
out, patients stay together. `ozone`: days with the hours of the day before, the latest kept aside. Solved by
the command line with a target that nothing reaches, so that every open tier is tried. Printed: the ROC area
on rows kept aside, its one-sided bound, and the seconds of the attempt."""

from collections.abc import Mapping
from typing import Any

from bench.prediction_cases import show_sets

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


if __name__ == "__main__":
    show_sets(SETS, __doc__)
