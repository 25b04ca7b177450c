"""Data sets by name: clinical tables that come with installed packages, and constructed ones."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from escalation.ports.registry import resolve
from escalation.text.nearest import did_you_mean
from problems.prediction.sources.dataset.spec import CONSTRUCTED, ConstructedSpec, DatasetSpec
from problems.prediction.stated.spec import ColumnsSpec
from toolbox.tables.arrow import from_frame
from toolbox.tables.raw import RawTable

ONE_YEAR_D = 365.0
TARGET = "__target__"


def read(spec: DatasetSpec, folder: Path, seed: int) -> tuple[RawTable, ColumnsSpec]:
    """Returns a named data set, which no folder holds, and how its columns are to be read.

    Raises:
        BadInput: when there is no such data set, or its maker refuses its parameters.
    """
    if isinstance(spec, ConstructedSpec):
        frame, extra = resolve(CONSTRUCTED[spec.dataset])(dict(spec.params), seed)
        source = {"dataset": spec.dataset, "params": dict(spec.params), "constructed": True}
        return from_frame(frame, source, extra=extra), _roles(spec, "label", "b")
    if spec.dataset not in BUNDLED:
        known = sorted([*BUNDLED, *CONSTRUCTED])
        raise BadInput(
            f"unknown dataset {spec.dataset!r}: expected one of {', '.join(known)}"
            f"{did_you_mean(spec.dataset, known)}"
        )
    table, positive = BUNDLED[spec.dataset]()
    return table, _roles(spec, TARGET, positive)


def _roles(spec: DatasetSpec, target: str, positive: str) -> ColumnsSpec:
    return ColumnsSpec(
        target=target,
        positive=positive,
        sealed_fraction=spec.sealed_fraction,
        subgroups=spec.subgroups,
        documentation=spec.documentation,
    )


def _breast_cancer() -> tuple[RawTable, str]:
    """Wisconsin diagnostic data: 569 tumours, 30 measurements of nuclei (Wolberg and others 1995)."""
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True, as_frame=True)
    frame = features.assign(**{TARGET: np.where(labels == 0, "malignant", "benign")})
    source = {"dataset": "breast_cancer", "package": "scikit-learn", "reference": "doi:10.24432/C5DW2B"}
    return from_frame(frame, source), "malignant"


def _whas500() -> tuple[RawTable, str]:
    """Worcester Heart Attack Study: 500 admissions (Hosmer, Lemeshow and May 2008).

    The label is death within 365 days of admission. A patient who was lost to follow-up within that
    time would have no known label; leaving such patients out would bias the rate upwards, so the data
    set is refused should it ever hold one (the packaged version holds none: the shortest censored
    follow-up is 368 days). The length of stay, `los`, is left out: it is not known on admission, and a
    death in hospital ends it.
    """
    from sksurv.datasets import load_whas500

    features, outcome = load_whas500()
    died, followed_d = outcome["fstat"], outcome["lenfol"]
    unknown = int(np.sum(~died & (followed_d < ONE_YEAR_D)))
    if unknown:
        raise BadInput(f"whas500: {unknown} patients were lost within a year, their labels are unknown")
    frame = features.drop(columns="los")
    for name in frame.columns:
        frame[name] = frame[name].astype(np.float64)
    frame[TARGET] = np.where(died & (followed_d <= ONE_YEAR_D), "died", "alive")
    source = {
        "dataset": "whas500",
        "package": "scikit-survival",
        "reference": "Hosmer, Lemeshow and May (2008), Applied Survival Analysis, 2nd ed.",
        "label": "death within 365 days of admission",
        "censored_before_365_d": unknown,
        "shortest_censored_follow_up_d": float(followed_d[~died].min()),
    }
    remark = "los (length of stay) is left out: it is not known on admission, and a death in hospital ends it"
    return from_frame(frame, source, remarks=(remark,)), "died"


BUNDLED: Mapping[str, Callable[[], tuple[RawTable, str]]] = {
    "breast_cancer": _breast_cancer,
    "whas500": _whas500,
}
