"""What people would pick instead. Run by interpreters of other environments; imports nothing of ours.

python outside.py NAME FOLDER SECONDS STARTED

FOLDER holds `asked.json`, `open.parquet` (features, `__label__`, perhaps `__event__` and `__group__`) and
`sealed.parquet` (features, perhaps `__group__`); the outcomes of its rows are nowhere near. Written are
`predictions.npy`, in the order of these rows, and `said.json`. SECONDS count from STARTED, a time since the
epoch, so that starting and importing are part of them.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Given = dict[str, Any]
CORES = 2
RESERVE_S = 1.0
"""Kept for predicting and writing."""


def _module(name: str) -> Any:
    return import_module(name)


def read(folder: Path) -> Given:
    """Rows with texts as categories of all levels, and what is asked."""
    pandas = _module("pandas")
    given: Given = json.loads((folder / "asked.json").read_text())
    parts = {part: pandas.read_parquet(folder / f"{part}.parquet") for part in ("open", "sealed")}
    for name, levels in given["levels"].items():
        for rows in parts.values():
            rows[name] = pandas.Categorical(rows[name], categories=levels)
    given["x"], given["new"] = (parts[part][given["features"]] for part in ("open", "sealed"))
    given["y"] = parts["open"]["__label__"].to_numpy()
    given["event"] = parts["open"]["__event__"].to_numpy() if "__event__" in parts["open"] else None
    given["group"] = parts["open"]["__group__"].to_numpy() if given["grouped"] else None
    return given


def _coded(given: Given, *, scaled: bool) -> Any:
    """Missing numbers are the median, levels columns of their own, as every tutorial has it."""
    impute, pre = _module("sklearn.impute"), _module("sklearn.preprocessing")
    pipeline, compose = _module("sklearn.pipeline"), _module("sklearn.compose")
    levels = list(given["levels"])
    steps = [impute.SimpleImputer(strategy="median", keep_empty_features=True)]
    steps += [pre.StandardScaler()] if scaled else []
    coding = pre.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return compose.ColumnTransformer(
        [
            ("numbers", pipeline.make_pipeline(*steps), [n for n in given["features"] if n not in levels]),
            ("levels", coding, levels),
        ]
    )


def linear(given: Given, _: float) -> Any:
    """Logistic or ridge regression of scikit-learn, Cox's of scikit-survival."""
    pipeline, models = _module("sklearn.pipeline"), _module("sklearn.linear_model")
    if given["task"] == "time_to_event":
        model = _module("sksurv.linear_model").CoxPHSurvivalAnalysis(alpha=0.01)
    elif given["task"] == "regression":
        model = models.Ridge()
    else:
        model = models.LogisticRegression(max_iter=1000)
    return _fitted(given, pipeline.make_pipeline(_coded(given, scaled=True), model))


def forest(given: Given, _: float) -> Any:
    """Random forests, by default settings."""
    pipeline, models = _module("sklearn.pipeline"), _module("sklearn.ensemble")
    if given["task"] == "time_to_event":
        # leaves of 15 rows, as the library's guide has them: else a forest of 1,800 rows takes gigabytes
        of = _module("sksurv.ensemble").RandomSurvivalForest
        model = of(n_jobs=CORES, random_state=given["seed"], min_samples_leaf=15)
    else:
        regression = given["task"] == "regression"
        of = models.RandomForestRegressor if regression else models.RandomForestClassifier
        model = of(n_jobs=CORES, random_state=given["seed"])
    return _fitted(given, pipeline.make_pipeline(_coded(given, scaled=False), model))


def boosting(given: Given, _: float) -> Any:
    """Gradient boosting on histograms, by default settings; scikit-survival's for times."""
    pipeline, models = _module("sklearn.pipeline"), _module("sklearn.ensemble")
    if given["task"] == "time_to_event":
        model = _module("sksurv.ensemble").GradientBoostingSurvivalAnalysis(random_state=given["seed"])
        return _fitted(given, pipeline.make_pipeline(_coded(given, scaled=False), model))
    regression = given["task"] == "regression"
    of = models.HistGradientBoostingRegressor if regression else models.HistGradientBoostingClassifier
    return _fitted(given, of(random_state=given["seed"]))


def flaml(given: Given, until: float) -> Any:
    """FLAML to the end of its time, told of groups and time."""
    automl = _module("flaml").AutoML()
    metrics = {"roc_auc": "roc_auc", "accuracy": "accuracy", "rmse": "rmse"}
    told: dict[str, Any] = {}
    if given["group"] is not None:
        told = {"split_type": "group", "groups": given["group"]}
    elif given["time_ordered"]:
        told = {"split_type": "time"}
    automl.fit(
        X_train=given["x"],
        y_train=given["y"],
        task="regression" if given["task"] == "regression" else "classification",
        metric=metrics[given["metric"]],
        time_budget=max(1.0, until - time.time()),
        n_jobs=CORES,
        seed=given["seed"],
        verbose=0,
        **told,
    )
    given["said"] = {"chosen": str(automl.best_estimator)}
    return _predicted(given, automl)


def autogluon(given: Given, until: float, preset: str = "medium_quality") -> Any:
    """AutoGluon by its defaults; where groups or time are told it is given rows to validate on."""
    numpy = _module("numpy")
    metric = {"roc_auc": "roc_auc", "accuracy": "accuracy", "rmse": "root_mean_squared_error"}[
        given["metric"]
    ]
    rows = given["x"].assign(__label__=given["y"])
    told: dict[str, Any] = {}
    held = numpy.zeros(len(rows), dtype=bool)
    if given["group"] is not None:
        names = numpy.unique(given["group"])
        chosen = numpy.random.default_rng(given["seed"]).permutation(names)[: max(1, len(names) // 5)]
        held = numpy.isin(given["group"], chosen)
    elif given["time_ordered"]:
        held[-len(held) // 5 :] = True
    if held.any() and preset == "medium_quality":
        told = {"tuning_data": rows[held]}
        rows = rows[~held]
    kind = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}[given["task"]]
    predictor = _module("autogluon.tabular").TabularPredictor(
        label="__label__",
        problem_type=kind,
        eval_metric=metric,
        path=str(given["folder"] / "models"),
        verbosity=0,
    )
    seconds = max(1.0, until - time.time())
    predictor.fit(rows, time_limit=seconds, presets=preset, num_cpus=CORES, num_gpus=0, **told)
    given["said"] = {"chosen": str(predictor.model_best)}
    if kind == "regression":
        return predictor.predict(given["new"]).to_numpy()
    found = predictor.predict_proba(given["new"])
    return _columns(given, found.to_numpy(), [int(name) for name in found.columns])


def autogluon_best(given: Given, until: float) -> Any:
    """AutoGluon with bagged and stacked models."""
    return autogluon(given, until, "best_quality")


def _fitted(given: Given, model: Any) -> Any:
    outcome = given["y"]
    if given["task"] == "time_to_event":
        outcome = _module("sksurv.util").Surv.from_arrays(given["event"], given["y"])
    model.fit(given["x"], outcome)
    return _predicted(given, model)


def _predicted(given: Given, model: Any) -> Any:
    """In the shape that is asked for."""
    numpy = _module("numpy")
    if given["task"] == "regression":
        return model.predict(given["new"])
    if given["task"] == "time_to_event":
        curves = model.predict_survival_function(given["new"])
        times = numpy.asarray(given["parameters"]["times"])
        found = numpy.array([each(numpy.clip(times, *each.domain)) for each in curves])
        return numpy.minimum.accumulate(numpy.clip(found, 0, 1), axis=1)
    return _columns(given, model.predict_proba(given["new"]), [int(each) for each in model.classes_])


def _columns(given: Given, found: Any, classes: list[int]) -> Any:
    """Probabilities by the number of the class; of two classes of the second."""
    numpy = _module("numpy")
    count = max(2, len(given["classes"]))
    every = numpy.zeros((len(found), count))
    every[:, classes] = found
    every /= every.sum(axis=1, keepdims=True)
    return numpy.clip(every[:, 1] if given["task"] == "binary" else every, 0, 1)


CONTESTANTS: dict[str, Callable[[Given, float], Any]] = {
    "linear": linear,
    "forest": forest,
    "boosting": boosting,
    "flaml": flaml,
    "autogluon": autogluon,
    "autogluon_best": autogluon_best,
}


def main() -> None:
    """Reads, fits, predicts, writes."""
    name, where, seconds, started = sys.argv[1:]
    folder = Path(where)
    given = {**read(folder), "folder": folder}
    begun = time.time()
    found = CONTESTANTS[name](given, float(started) + float(seconds) - RESERVE_S)
    numpy = _module("numpy")
    numpy.save(folder / "predictions.npy", numpy.asarray(found, dtype=numpy.float64), allow_pickle=False)
    said = {"imports_s": begun - float(started), **given.get("said", {})}
    (folder / "said.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
