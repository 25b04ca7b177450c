"""Molecules: what the tiers reach on scaffolds that no model saw, and on molecules drawn at random.

    python -m bench.prediction_molecules ../shared/data/chemistry [--seeds 1] [--split scaffold random]

Method. BBBP (does a molecule pass the blood-brain barrier: 2,050 rows, of which 11 cannot be read) solved by
the command line with a target that nothing reaches. Printed: the ROC area on rows kept aside, its one-sided
bound, seconds. A random split flatters: near relatives of a molecule are on both sides. Needs RDKit."""

import argparse
import shutil
import tempfile
from pathlib import Path

from bench.machine import machine
from bench.prediction_cases import shown, solved


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--split", nargs="+", choices=["scaffold", "random"], default=["scaffold", "random"])
    asked = parser.parse_args()
    print(machine())
    for split in asked.split:
        for seed in asked.seeds:
            with tempfile.TemporaryDirectory() as folder:
                shutil.copy(asked.data / "BBBP.csv", folder)
                instance = {"molecules": "BBBP.csv", "target": "BBBP", "broken": "left_out", "split": split}
                shown(f"BBBP, {split} split", seed, solved(Path(folder), instance, seed))


if __name__ == "__main__":
    main()
