"""Small tables of every task, with numbers, a category and missing values, whose outcome hangs on them."""

from typing import Any

import numpy as np
import pandas as pd

from problems.prediction.models.by_task import models_of
from problems.prediction.models.task_models import TaskModels
from problems.prediction.tables.table import Column

COLUMNS = (Column("dose", "number"), Column("age", "number"), Column("ward", "category", ("a", "b", "c")))
TASKS = ("multiclass", "ordinal", "regression", "time_to_event")
METRICS = {
    "multiclass": "macro_roc_auc",
    "ordinal": "ranked_probability_score",
    "regression": "mae",
    "time_to_event": "concordance",
}
TIMES = [0.2, 0.5, 1.0]


def table(task: str, rows: int = 120) -> pd.DataFrame:
    """The feature columns, the outcome's, `__group__` (two rows each) and `__row__`."""
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"dose": random.normal(size=rows), "age": random.normal(size=rows)})
    frame["ward"] = random.choice(["a", "b", "c"], rows)
    amount = frame["dose"] + (frame["ward"] == "a") + 0.5 * random.normal(size=rows)
    frame.loc[::17, "age"] = np.nan
    if task == "regression":
        frame["__label__"] = np.exp(amount)
    elif task == "time_to_event":
        until, seen = random.exponential(np.exp(-amount)), random.exponential(1.5, rows)
        frame["__label__"], frame["__event__"] = np.minimum(until, seen), until <= seen
    else:
        frame["__label__"] = np.searchsorted([-0.5, 0.8], amount)
    frame["__group__"] = [str(row // 2) for row in range(rows)]
    frame["__row__"] = [f"{row:064x}" for row in range(rows)]
    return frame


def asked(task: str) -> dict[str, Any]:
    """What a view says of the task."""
    parameters = {"times": TIMES, "horizon": 0.5} if task == "time_to_event" else {}
    classes = ["low", "middle", "high"] if task in ("multiclass", "ordinal") else []
    return {"task": task, "classes": classes, "parameters": parameters}


def models(task: str, metric: str = "") -> TaskModels:
    return models_of(COLUMNS, metric or METRICS[task], asked(task))
