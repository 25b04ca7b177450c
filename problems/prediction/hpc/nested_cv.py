"""The MPI program of the HPC tier: nested cross-validation, bootstrap, and the chosen model.

The inner folds choose, the outer folds estimate what choosing this way achieves (Varma and Simon 2006,
BMC Bioinformatics 7:91). One more search, on part of the rows, finds the model that prediction sets rest on.
Every number is the same for any number of ranks: see `task_queue`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from escalation.model.identity import derive_seed
from escalation.model.output import Output
from escalation.model.report import Report
from problems.prediction.hpc.grids import SearchPlan, estimated_cost
from problems.prediction.hpc.open_rows import read_rows
from problems.prediction.hpc.search import ModelChoice, Search
from problems.prediction.hpc.set_search import set_search
from problems.prediction.hpc.task_search import TaskSearch, with_strata
from problems.prediction.models.by_task import models_of
from problems.prediction.tasks.site_values import site_values, stated
from problems.prediction.tasks.task import Asking, Outcomes, of_json
from toolbox.arrays import npy
from toolbox.arrays.types import Floats
from toolbox.mpi.scaling import scaling_report
from toolbox.mpi.task_queue import Phase, run_tasks

CHUNK = 25
"""Bootstrap replicates a task: fine enough to balance ranks, coarse enough to be worth a draw."""

INTERVAL = (0.025, 0.975)


def run(comm: Any, params: dict[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """Runs on every rank; rank 0 returns the model, its sealed scores and the nested estimates.

    Args:
        comm: an `mpi4py.MPI.Comm`.
        params: `columns`, `plan`, `metric`, `seed`, `time_ordered`, and `by_site` where groups are sites.
        inputs: `open_rows` and `sealed_rows`, Parquet as in `TableView`.
        report: told the part done.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _run(comm, params, inputs, report)


def _run(comm: Any, params: dict[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    search = _search(params, inputs).fitting()
    report(0.05, "tuning")
    twin = set_search(search)
    searches = [search, *([twin.search] if twin.search else [])]
    choices, tuning = _tune(comm, searches)
    report(0.6, "estimating")
    series, models, estimating = _estimate(comm, searches, choices)
    report(0.9, "resampling")
    resampled, resampling = _resample(comm, search, series)
    if comm.Get_rank() != 0:
        return None
    sets = twin.sets(search, models[-1], choices[-1][-1], params.get("asked"))
    values = {**_values(search, choices[0], series, resampled), **sets.values, "sets": dict(sets.notes)}
    if params.get("by_site") and search.repeats:  # two sites cannot be left out and divided again
        values["open_sites"] = by_site(search, params, series["selected"][0])
    phases = [tuning, estimating, resampling]
    files = {**_files(search, models[0]), **sets.files}
    return Output(values, files, {"scaling.json": _json(scaling_report(phases))})


def _search(params: Mapping[str, Any], inputs: Mapping[str, bytes]) -> Search:
    rows = read_rows(params["columns"], inputs)
    about = {
        "plan": SearchPlan(**params["plan"]),
        "metric": params["metric"],
        "seed": params["seed"],
        "forward": params["time_ordered"],
        **({"efficiency": params["signal_efficiency"]} if "signal_efficiency" in params else {}),
    }
    if "asked" not in params:
        return Search(rows, **about)
    modelled = models_of(rows.columns, params["metric"], params["asked"], params["plan"].get("blocks", ()))
    return TaskSearch(with_strata(rows, modelled), **about, modelled=modelled)


def _tune(comm: Any, searches: Sequence[Search]) -> tuple[list[list[ModelChoice]], Phase]:
    """Returns what each search chose in each of its rounds."""
    tasks = [(search, number) for search in searches for number in range(len(search.tuning_tasks))]
    costs = [search.tuning_cost(number) for search, number in tasks]
    sizes = [len(search.plan.grids[search.tuning_tasks[number][2]]) for search, number in tasks]

    def task(place: int) -> Floats:
        search, number = tasks[place]
        return search.tune(number)

    found, phase = run_tasks(comm, "tuning", costs, sizes, task)
    remaining = iter(found)
    return [_choices(search, remaining) for search in searches], phase


def _choices(search: Search, found: Iterator[Floats]) -> list[ModelChoice]:
    by_round: list[dict[str, list[Floats]]] = [{} for _ in search.rounds]
    for one, _, model in search.tuning_tasks:
        by_round[one].setdefault(model, []).append(next(found))
    return [_choose(search.plan, scores) for scores in by_round]


def _choose(plan: SearchPlan, scores: Mapping[str, list[Floats]]) -> ModelChoice:
    """The best on average over the folds that tell settings apart: one without two events scores none."""
    told = np.any([[np.isfinite(each).any() for each in folds] for folds in scores.values()], axis=0)
    kept = np.flatnonzero(told if told.any() else ~told)
    means = {model: np.mean([folds[k] for k in kept], axis=0) for model, folds in scores.items()}
    best = {model: int(np.argmax(mean)) for model, mean in means.items()}
    settings = {model: dict(plan.grids[model][place]) for model, place in best.items()}
    return ModelChoice(settings, {model: float(means[model][place]) for model, place in best.items()})


def _estimate(
    comm: Any, searches: Sequence[Search], choices: Sequence[list[ModelChoice]]
) -> tuple[dict[str, Floats], list[bytes], Phase]:
    """Returns the first search's out-of-fold predictions by model, shape (repeats, n_open, …), and the bytes
    of each search's final model."""
    search = searches[0]
    tasks = [(one, model) for one in range(len(search.rounds) - 1) for model in search.models]
    costs = [
        estimated_cost(model, len(search.rounds[one].train), len(search.rows.columns)) for one, model in tasks
    ]
    sizes = [len(search.rounds[one].test) * math.prod(search.said) for one, _ in tasks]
    kept: dict[int, bytes] = {}

    def task(number: int) -> Floats:
        if number >= len(tasks):
            place = number - len(tasks)
            choice = choices[place][-1]
            kept[place] = searches[place].final_model(choice.model, choice.settings[choice.model])
            return np.zeros(0)
        one, model = tasks[number]
        return search.test(one, model, choices[0][one].settings[model])

    # writing a model takes longer than fitting it, so final models come first
    costs += [float("inf")] * len(searches)
    found, phase = run_tasks(comm, "estimating", costs, [*sizes, *([0] * len(searches))], task)
    models = {place: model for each in comm.allgather(kept) for place, model in each.items()}
    series = _out_of_fold(search, choices[0], tasks, found)
    return series, [models[place] for place in range(len(searches))], phase


def _out_of_fold(
    search: Search, choices: list[ModelChoice], tasks: list[tuple[int, str]], found: list[Floats]
) -> dict[str, Floats]:
    shape = (search.repeats, len(search.rows.labels), *search.said)
    series = {name: np.full(shape, np.nan) for name in [*search.models, "selected"]}
    repeats = _places(search)
    for (one, model), said in zip(tasks, found, strict=False):
        place = (repeats[search.rounds[one].repeat], search.rounds[one].test)
        series[model][place] = said.reshape(-1, *search.said)
        if model == choices[one].model:
            series["selected"][place] = series[model][place]
    return series


def _places(search: Search) -> dict[int, int]:
    """From the repeats that have a fold to their places among them."""
    return {repeat: place for place, repeat in enumerate(sorted({r.repeat for r in search.rounds[:-1]}))}


def _resample(comm: Any, search: Search, series: Mapping[str, Floats]) -> tuple[Floats, Phase]:
    """Returns the metric by replicate and series, shape (replicates, series); no replicates without folds."""
    estimator, stacked = _estimator(search), np.stack(list(series.values()))
    replicates = search.plan.replicates if search.repeats else 0
    chunks = [range(start, min(start + CHUNK, replicates)) for start in range(0, replicates, CHUNK)]
    sizes = [len(chunk) * len(series) for chunk in chunks]
    costs = [float(len(chunk)) for chunk in chunks]

    def task(number: int) -> Floats:
        found: Floats = estimator.replicates(stacked, chunks[number])
        return found.ravel()

    found, phase = run_tasks(comm, "resampling", costs, sizes, task)
    return np.concatenate([np.zeros(0), *found]).reshape(replicates, len(series)), phase


def _estimator(search: Search) -> Any:
    folds, repeats = np.full((search.repeats, len(search.rows.labels)), -1, dtype=np.intp), _places(search)
    for number, one in enumerate(search.rounds[:-1]):
        folds[repeats[one.repeat], one.test] = number
    return search.estimator(folds, derive_seed(search.seed, "bootstrap"))


def _values(
    search: Search, choices: list[ModelChoice], series: Mapping[str, Floats], resampled: Floats
) -> dict[str, Any]:
    final = choices[-1]
    return {
        "model_format": search.model_format,
        "chosen": final.name,
        "metric": search.value_name,
        "nested": {
            name: _estimates(search, probabilities, resampled[:, place])
            for place, (name, probabilities) in enumerate(series.items())
            if search.repeats  # the order of time may leave no fold to estimate in
        },
        "tuning": {
            model: {"settings": dict(final.settings[model]), "score": final.scores[model]}
            for model in search.models
        },
        "chosen_in_outer_folds": [
            {"model": choice.model, "settings": dict(choice.settings[choice.model])}
            for choice in choices[:-1]
        ],
        "plan": search.plan.to_json(),
    }


def _estimates(search: Search, probabilities: Floats, resampled: Floats) -> dict[str, Any]:
    known = np.isfinite(resampled)
    return {
        "estimate": _estimator(search).estimate(probabilities),
        # of rows as few as small folds hold, no replicate may have both classes
        "interval": [float(edge) for edge in np.quantile(resampled[known], INTERVAL)]
        if known.any()
        else None,
        "confidence": INTERVAL[1] - INTERVAL[0],
    }


def by_site(search: Search, params: Mapping[str, Any], predictions: Floats) -> list[dict[str, Any]]:
    """The metric in each open site, by the model that was chosen and fitted without it."""
    region = {name: params[name] for name in ("signal_efficiency",) if name in params}
    asked = of_json(params["asked"]) if "asked" in params else Asking("binary", parameters=region)
    if search.metric == "ams":
        return []  # solvers do not know how many events are expected in all
    known = np.flatnonzero(np.isfinite(predictions.reshape(len(predictions), -1)).all(axis=1))
    outcomes = search.rows.outcomes or Outcomes(search.rows.labels)
    rows = replace(outcomes, groups=search.rows.groups).take(known)
    names = np.unique(search.rows.groups[known])  # sites are numbered among those that were left out
    found = site_values(search.metric, rows, predictions[known], asked)
    return [stated(each, asked) | {"site": search.rows.names[int(names[each.site])]} for each in found]


def _files(search: Search, model: bytes) -> dict[str, bytes]:
    from problems.prediction.models.artefact import scores

    sealed_scores = npy.dump(scores(search.model_format, model, search.rows.sealed))
    rows = b"".join(bytes.fromhex(digest) for digest in sorted(search.rows.digests))
    return {"model": model, "sealed_scores": sealed_scores, "train_rows": rows}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, allow_nan=False).encode()
