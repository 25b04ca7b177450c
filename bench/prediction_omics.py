"""Genes and proteins: what the tiers reach on rows kept aside, beside a simple learner with shuffled labels.

    python -m bench.prediction_omics ../shared/data/domains [--seeds 1 2 3] [--only all]

Method. Each set is divided into a table of people and a matrix, as a centre has them, and solved by the
command line with a target that nothing reaches, so that every open tier is tried. Printed: the ROC area on
rows kept aside, its one-sided bound, seconds, and the control with shuffled labels of the certificate.
`noise` are the people of BCR/ABL with columns of noise in place of genes: the control must find nothing
there."""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.machine import machine
from bench.prediction_cases import shown, solved

SETS: Mapping[str, tuple[str, str, str, list[str], float]] = {
    "all": (
        "omics_all/all_bcr_abl_79x2000.csv",
        "label",
        "BCR/ABL",
        ["patient", "diagnosis", "sex", "age"],
        0.4,
    ),
    "colon": ("omics_colon/colon_discretised.csv", "label", "tumour", [], 0.5),
    "alzheimer": ("omics_ad/ad_data.csv", "Class", "Impaired", ["Genotype", "male", "age"], 0.4),
}
"""Where it is, the outcome, the class to predict, columns that are no measurements, share kept aside."""


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--only", nargs="+", choices=[*SETS, "noise"], default=[*SETS, "noise"])
    asked = parser.parse_args()
    print(machine())
    for name in asked.only:
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                instance = _written(asked.data, name, Path(folder), seed)
                shown(name, seed, solved(Path(folder), instance, seed))


def _written(data: Path, name: str, folder: Path, seed: int) -> dict[str, Any]:
    path, target, positive, others, share = SETS["all" if name == "noise" else name]
    table = pd.read_csv(data / path)
    people = [each for each in others if each in table and each != "patient"]
    ids = pd.Series([f"s{row}" for row in range(len(table))], name="sample")
    matrix = table.drop(columns=[target, *[each for each in others if each in table]])
    if name == "noise":
        matrix = pd.DataFrame(np.random.default_rng(seed).normal(size=matrix.shape)).add_prefix("noise")
        people = []
    pd.concat([ids, table[[target, *people]]], axis=1).to_csv(folder / "people.csv", index=False)
    matrix.set_index(ids).T.to_csv(folder / "measured.tsv", sep="\t")
    drop = {"drop": ["diagnosis"]} if "diagnosis" in people else {}
    return {
        "omics": "measured.tsv",
        "samples": "people.csv",
        "units": "scores" if name == "colon" else "log",
        "target": target,
        "positive": positive,
        "sealed_fraction": share,
        **drop,
    }


if __name__ == "__main__":
    main()
