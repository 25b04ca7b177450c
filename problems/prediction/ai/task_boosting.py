"""The work of the AI tier for classes, levels and numbers: a small ensemble, in one call."""

from typing import Any

import numpy as np

from escalation.model.identity import derive_seed
from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.ai.members import TaskRows
from problems.prediction.ai.task_budgets import TaskBudget
from problems.prediction.ai.task_fitting import Selection, fit_ensemble
from problems.prediction.ai.task_set_fitting import ensemble_sets
from problems.prediction.models import ensemble_model
from problems.prediction.models.by_task import models_of
from problems.prediction.models.task_models import TaskModels
from problems.prediction.prediction_sets.split_conformal import no_sets
from problems.prediction.tables.encoding import columns_from_json, encode, read_frame
from problems.prediction.tasks.task import outcomes_of
from toolbox.arrays import npy
from toolbox.stats.splits import codes


def run(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Selects and trains an ensemble on open rows, and scores the sealed ones.

    Args:
        params: `columns`, `metric`, `asked`, `time_ordered`, `seed`, the budget `selection`, and where
            prediction sets are to be made their `coverage` and the budget `sets`; `by_site` where groups are
            sites.
        inputs: `open_rows` and `sealed_rows`, see `table.TableView`.
        report: is told the share of fits done.

    Returns:
        Values `model_format`, `chosen`, `notes`; files `model`, `sealed_scores`, `train_rows`; and where
        there were rows enough those of `task_sets`.

    Raises:
        BadInput: when the open rows leave nothing to select on.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _run(params, inputs, report)


def _run(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    columns = columns_from_json(params["columns"])
    models = models_of(columns, params["metric"], params["asked"])
    frame, sealed = read_frame(inputs["open_rows"]), read_frame(inputs["sealed_rows"])
    budget = TaskBudget.from_json(params["selection"])
    fits, done = budget.fits + (TaskBudget.from_json(params["sets"]).fits if "sets" in params else 0), 0

    def tick(count: int, message: str) -> None:
        nonlocal done
        done += count
        report(min(0.99, done / fits), message)

    seed = derive_seed(params["seed"], "model")
    rows = _rows(models, frame)
    found = fit_ensemble(rows, Selection(models, budget, seed, params["time_ordered"], tick))
    said = ensemble_model.scores(found.model, sealed)  # as the verifier will: from the bytes
    files = {
        "model": found.model,
        "sealed_scores": npy.dump(said),
        "train_rows": b"".join(sorted(bytes.fromhex(digest) for digest in frame["__row__"])),
    }
    sets = (
        ensemble_sets(rows, sealed, models, params, tick)
        if "sets" in params
        else no_sets("none were asked for")
    )
    notes = {**found.notes, "conformal": dict(sets.notes)}
    report(1.0, "done")
    values = {"model_format": ensemble_model.FORMAT, "chosen": found.chosen, "notes": notes}
    return Output({**values, **sets.values}, {**files, **sets.files})


def _rows(models: TaskModels, frame: Any) -> TaskRows:
    features = frame[[column.name for column in models.columns]]
    groups = codes(frame["__group__"].to_list())
    return TaskRows(
        features, encode(models.columns, frame), outcomes_of(frame), np.asarray(groups, dtype=np.intp)
    )
