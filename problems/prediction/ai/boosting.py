"""The work of the AI tier: tree ensembles selected, calibrated and wrapped in conformal sets, in one call."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.ai.attribution import mean_contributions, permutation_importance
from problems.prediction.ai.contenders import Forest, TrainedBooster
from problems.prediction.ai.fitting import Fit, fit
from problems.prediction.ai.selection import OutOfFold, predict_out_of_fold
from problems.prediction.ai.tuning import Aim, Budget, Tick
from problems.prediction.models import forest_model, xgboost_model
from problems.prediction.prediction_sets.partitions import partition
from problems.prediction.prediction_sets.split_conformal import (
    WEIGHTED,
    SetModel,
    Sets,
    caveat,
    no_sets,
    set_aside,
    split_conformal,
)
from problems.prediction.tables.encoding import Rows, columns_from_json, open_rows, read_frame
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

if TYPE_CHECKING:
    import pandas as pd

MAX_SHAP_ROWS = 10_000
IMPORTANCE_FOLDS = 3
_SCORERS = {xgboost_model.FORMAT: xgboost_model.scores, forest_model.FORMAT: forest_model.scores}


@dataclass(frozen=True)
class _Data:
    aim: Aim
    rows: Rows
    open_frame: "pd.DataFrame"
    sealed_frame: "pd.DataFrame"


def run(params: dict[str, Any], inputs: dict[str, bytes], report: Report) -> Output:
    """Selects, trains and calibrates an ensemble on open rows, and scores the sealed ones.

    Args:
        params: `columns`, `metric`, `time_ordered`, `seed`, the budget `selection`, see `tuning.Budget`, and
            where sets are to be made their `coverage` and the budget `sets`.
        inputs: `open_rows` and `sealed_rows`, see `table.TableView`.
        report: is told the share of fits done.

    Returns:
        Values `model_format`, `chosen`, `notes`; files `model`, `sealed_scores`, `train_rows`; and where
        there were rows enough those of `split_conformal.Sets`.

    Raises:
        BadInput: when the open rows leave nothing to select on.
    """
    data = _read(params, inputs)
    selection = Budget.from_json(params["selection"])
    sets = Budget.from_json(params["sets"]) if "sets" in params else None
    tick = _counter(report, selection.fits + (sets.fits if sets else 0))
    best = fit(data.rows, data.aim, selection, derive_seed(params["seed"], "model"), tick)
    files = {
        "model": best.model,
        "sealed_scores": npy.dump(_scores(best, data.sealed_frame)),
        "train_rows": b"".join(sorted(bytes.fromhex(digest) for digest in data.open_frame["__row__"])),
    }
    notes = {**best.notes, "importance": _importance(best, data, params["seed"])}
    made = _sets(data, sets, params, tick) if sets else no_sets("none were asked for")
    notes["conformal"] = dict(made.notes)
    report(1.0, "done")
    values = {"model_format": best.trained.model_format, "chosen": _chosen(best), "notes": notes}
    return Output({**values, **made.values}, {**files, **made.files})


def _read(params: dict[str, Any], inputs: dict[str, bytes]) -> _Data:
    columns = columns_from_json(params["columns"])
    open_frame, sealed_frame = read_frame(inputs["open_rows"]), read_frame(inputs["sealed_rows"])
    region = {"efficiency": params["signal_efficiency"]} if "signal_efficiency" in params else {}
    aim = Aim(columns, params["metric"], params["time_ordered"], **region)
    return _Data(aim, open_rows(columns, open_frame), open_frame, sealed_frame)


def _counter(report: Report, total: int) -> Tick:
    done = 0

    def tick(fits: int, message: str) -> None:
        nonlocal done
        done += fits
        report(min(0.99, done / total), message)

    return tick


def _scores(fitted: Fit, frame: "pd.DataFrame") -> Floats:
    """Scores as the verifier will: from the bytes."""
    return _SCORERS[fitted.trained.model_format](fitted.model, frame)


def _chosen(best: Fit) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in best.winner.contender.to_json().items())
    return f"{best.winner.contender.name} ({settings}), {best.calibration.kind} calibration"


def _importance(best: Fit, data: _Data, seed: int) -> dict[str, Any]:
    columns = data.aim.columns
    if isinstance(best.trained, TrainedBooster):
        values = mean_contributions(best.trained, columns, data.rows.features[:MAX_SHAP_ROWS])
        return {"kind": "mean absolute SHAP value in log-odds, open rows", "by_feature": values}
    shuffling = derive_seed(seed, "permutation")
    out = best.winner.out_of_fold
    if not out.models:  # grown once: a few smaller ones for this
        out = _in_folds(best, data, seed)
    values = permutation_importance(columns, best.rows, out, shuffling)
    return {"kind": "loss of ROC AUC when permuted, out of fold", "by_feature": values}


def _in_folds(best: Fit, data: _Data, seed: int) -> OutOfFold:
    folds = partition(best.rows, IMPORTANCE_FOLDS, derive_seed(seed, "importance"), data.aim.time_ordered)
    settings = best.winner.contender
    smaller = (
        replace(settings, trees=max(1, settings.trees // 2)) if isinstance(settings, Forest) else settings
    )
    return predict_out_of_fold(smaller, best.rows, data.aim, [folds], seed=seed, tick=lambda fits, what: None)


def _sets(data: _Data, budget: Budget, params: dict[str, Any], tick: Tick) -> Sets:
    """Makes conformal sets from a second model, whose whole making leaves the calibration rows out."""
    if data.rows.weights is not None:
        return no_sets(WEIGHTED)
    seed = derive_seed(params["seed"], "sets")
    try:
        proper, held = set_aside(data.rows.labels, data.rows.groups, seed, data.aim.time_ordered)
        twin = fit(data.rows.take(proper), data.aim, budget, derive_seed(seed, "model"), tick)
    except BadInput as error:
        return no_sets(str(error))
    calibration = (_scores(twin, data.open_frame.iloc[held]), data.rows.labels[held])
    said, groups = _scores(twin, data.sealed_frame), data.rows.groups[held]
    made = SetModel(twin.trained.model_format, twin.model, calibration, said, groups)
    about = {
        "model": f"{twin.notes['chosen']}, selected and trained on {len(proper)} open rows without these",
        "budget": twin.notes["budget"],
        "caveat": caveat(data.rows.groups, data.aim.time_ordered),
    }
    return split_conformal(made, params["coverage"], about)
