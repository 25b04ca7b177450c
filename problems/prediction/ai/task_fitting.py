"""From open rows to one small ensemble: settings by halving, members weighed out of fold, trained on all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from problems.prediction.ai.hazards import BoostedHazards
from problems.prediction.ai.members import FOREST_ROWS, Boosted, Columns, Forests, Member, TaskRows
from problems.prediction.ai.stacking import greedy_weights, temperature
from problems.prediction.ai.task_budgets import TaskBudget
from problems.prediction.ai.tuning import Tick, configurations
from problems.prediction.models.ensemble_model import Finish, dump
from problems.prediction.models.links import skewed
from problems.prediction.models.reduction import wide
from problems.prediction.models.task_models import TaskModels
from problems.prediction.tables.table import width
from toolbox.arrays.types import Floats, Index
from toolbox.stats.splits import stratified_parts, train_test_pairs

Fold = tuple[Index, Index]
Trees = Boosted | BoostedHazards
KERNEL_ROWS = 1500
"""Rows up to which an exact kernel machine is a member."""


@dataclass(frozen=True, eq=False)
class TaskFit:
    """An ensemble trained on all of the rows, and how it came about.

    Attributes:
        model: as bytes.
        chosen: in words.
        notes: the search and the weights, for the record.
        tested: rows that members were compared on.
        out_of_fold: predictions of these by members that had not seen them.
    """

    model: bytes
    chosen: str
    notes: dict[str, Any]
    tested: TaskRows
    out_of_fold: Floats


@dataclass(frozen=True, eq=False)
class Selection:
    """What a search works with.

    Attributes:
        models: of the task.
        budget: of the search.
        seed: of every draw.
        forward: rows are in order of time.
        tick: told the fits done.
    """

    models: TaskModels
    budget: TaskBudget
    seed: int
    forward: bool
    tick: Tick

    def folds(self, rows: TaskRows, what: str) -> list[Fold]:
        """Cuts rows into folds.

        Raises:
            BadInput: where groups or the order of time leave none.
        """
        strata, seed = self.models.strata(rows.outcomes), derive_seed(self.seed, what)
        count, least = min(self.budget.folds, len(rows)), self.models.least
        try:
            return train_test_pairs(strata, rows.groups, count, seed, time_ordered=self.forward, least=least)
        except ValueError as error:
            raise BadInput(f"nothing can be selected on the open rows: {error}") from None

    def sample(self, rows: TaskRows, at_most: int, what: str) -> TaskRows:
        """Returns at most about so many rows: whole groups, by strata, or the last in time."""
        if len(rows) <= at_most:
            return rows
        if self.forward:
            return rows.take(np.arange(len(rows) - at_most, len(rows), dtype=np.intp))
        share = at_most / len(rows)
        strata = self.models.strata(rows.outcomes)
        parts = stratified_parts(strata, rows.groups, [share, 1 - share], derive_seed(self.seed, what))
        return rows.take(np.flatnonzero(parts == 0))

    def loss(self, said: Floats, rows: TaskRows, folds: Sequence[Fold], finish: Finish) -> float:
        """Returns the mean loss over the folds that have one, of predictions that follow each other by fold.

        A fold without two events has none, whoever predicts.
        """
        losses, start = [], 0
        for _, test in folds:
            part = said[start : start + len(test)]
            losses.append(self.models.loss(rows.outcomes.take(test), finish(part)))
            start += len(test)
        return float(np.mean([loss for loss in losses if np.isfinite(loss)] or losses))


def fit_ensemble(rows: TaskRows, select: Selection) -> TaskFit:
    """Searches, weighs and trains.

    Raises:
        BadInput: where the rows leave nothing to select on.
    """
    chosen = select.sample(rows, select.budget.rows, "thin")
    finalists, tried = _tuned(chosen, select)
    members: list[Member] = [*finalists, *_others(chosen, select)]
    folds = select.folds(chosen, "comparison")
    finish = select.models.finish(chosen.outcomes)
    said = [_out_of_fold(member, chosen, folds, select) for member in members]
    weighed = greedy_weights(said, lambda mean: select.loss(mean, chosen, folds, finish))
    mean = np.sum([share * each for share, each in zip(weighed.shares, said, strict=True)], axis=0)
    tested = chosen.take(np.concatenate([test for _, test in folds]))
    finish = _sure(finish, mean, tested.outcomes.values)
    kept = [(member, share) for member, share in zip(members, weighed.shares, strict=True) if share > 0]
    parts = [_trained(member, rows, select, share) for member, share in kept]
    losses = [select.loss(each, chosen, folds, finish) for each in said]
    notes = {
        "criterion": select.models.criterion.name,
        "members": [
            {"model": member.name, "settings": member.to_json(), "weight": round(share, 4), "loss": loss}
            for member, share, loss in zip(members, weighed.shares, losses, strict=True)
        ],
        "loss": select.loss(mean, chosen, folds, finish),
        "finish": finish.to_json(),
        "tuning": tried,
        "rows": len(rows),
        "selection_rows": len(chosen),
        "budget": {**select.budget.to_json(), "fits": select.budget.fits},
    }
    return TaskFit(dump(parts, finish), _in_words(kept), notes, tested, finish(mean))


def _tuned(rows: TaskRows, select: Selection) -> tuple[list[Trees], list[dict[str, Any]]]:
    """Boosted trees by successive halving (Jamieson and Talwalkar 2016): the better half of the settings goes
    on from a sample to all rows. Whether a number is learnt on a logarithm's scale is settled first."""
    budget, entries = select.budget, list[dict[str, Any]]()
    drawn = configurations(budget.configurations, derive_seed(select.seed, "configurations"))
    first = select.sample(rows, budget.first_rows, "first")
    skew = select.models.task == "regression" and skewed(rows.outcomes.values.astype(np.float64))
    log = False
    for number, params in enumerate(drawn):
        own = {"eta": 0.1, **params, "max_bin": 64 if len(first) <= 2000 else 256}
        tries = [
            _tried(_boosted(select.models, own, budget.max_rounds, each), first, select)
            for each in _scales(number, skew, log)
        ]
        entries.append(min(tries, key=lambda entry: entry["loss"]))
        if number == 0:
            log = entries[0]["member"].log
    entries.sort(key=lambda entry: entry["loss"])
    if len(first) < len(rows):
        entries = entries[: -(-len(entries) // 2)]
        entries = [_tried(entry["member"], rows, select, budget.max_rounds) for entry in entries]
        entries.sort(key=lambda entry: entry["loss"])
    finalists = [entry["member"] for entry in entries[: budget.finalists]]
    return finalists, [{"settings": entry["member"].to_json(), "loss": entry["loss"]} for entry in entries]


def _boosted(models: TaskModels, params: dict[str, Any], rounds: int, log: bool) -> Trees:
    if models.task == "time_to_event":
        return BoostedHazards(params, rounds)
    return Boosted(params, rounds, log)


def _scales(number: int, skew: bool, log: bool) -> tuple[bool, ...]:
    return (False, True) if skew and number == 0 else (log,)


def _tried(member: Trees, rows: TaskRows, select: Selection, rounds: int | None = None) -> dict[str, Any]:
    """Loss over folds, each stopped where its own test rows no longer gain, and the mean number of trees."""
    member = member if rounds is None else replace(member, rounds=rounds)
    finish, folds = select.models.finish(rows.outcomes), select.folds(rows, "tuning")
    said, best = [], []
    for train, test in folds:
        parts = (rows.take(train), rows.take(test))
        trained, count = member.stopped(select.models, parts, derive_seed(select.seed, "booster"))
        said.append(trained.says(select.models, parts[1]))
        best.append(count)
        select.tick(1, "boosted trees: settings")
    found = replace(member, rounds=max(1, round(float(np.mean(best)))))
    return {"member": found, "loss": select.loss(np.concatenate(said), rows, folds, finish)}


def _others(rows: TaskRows, select: Selection) -> list[Member]:
    """Members beside boosted trees."""
    models = select.models
    if models.task == "time_to_event":
        return [Columns("cox", {"penalty": each}) for each in (0.3, 0.03, 0.003)]
    log = not models.classes and skewed(rows.outcomes.values.astype(np.float64))
    leaf = 1 if models.classes else 3
    members: list[Member] = [Forests(select.budget.trees, leaf, log)]
    reduced = {"columns": 100} if wide(width(models.columns), len(rows)) else {}
    if models.classes:
        members += [Columns("ridge", {"C": C, **reduced}) for C in (0.03, 1.0)]
        members.append(Columns("nystroem_rbf", {"C": 10.0, "gamma": 0.3, **reduced}))
    else:
        scale = {"log": True} if log else {}
        members.append(Columns("least_squares_ridge", {"alpha": 10.0, **scale, **reduced}))
        if len(rows) <= KERNEL_ROWS:
            members.append(Columns("gaussian_process", {"alpha": 0.3, "gamma": 0.3, **scale, **reduced}))
    return members


def _out_of_fold(member: Member, rows: TaskRows, folds: Sequence[Fold], select: Selection) -> Floats:
    said = []
    for train, test in folds:
        trained = member.train(select.models, rows.take(train), derive_seed(select.seed, member.name))
        said.append(trained.says(select.models, rows.take(test)))
        select.tick(1, f"{member.name}: comparison")
    return np.concatenate(said)


def _trained(member: Member, rows: TaskRows, select: Selection, share: float) -> Any:
    known = rows if isinstance(member, Trees) else select.sample(rows, FOREST_ROWS, "fit")
    trained = member.train(select.models, known, derive_seed(select.seed, "final"))
    select.tick(1, f"{member.name}: training on all open rows")
    return replace(trained.part(select.models), weight=share)


def _sure(finish: Finish, mean: Floats, values: Any) -> Finish:
    """The finish with the temperature of least log loss; offsets, which serve another metric, aside."""
    if not finish.classes:
        return finish
    plain, own = replace(finish, offsets=()), values.astype(np.intp)

    def loss(each: float) -> float:
        said = replace(plain, temperature=each)(mean)
        return float(-np.mean(np.log(np.maximum(said[np.arange(len(own)), own], 1e-12))))

    return replace(finish, temperature=temperature(loss))


def _in_words(kept: Sequence[tuple[Member, float]]) -> str:
    if len(kept) == 1:
        member = kept[0][0]
        settings = ", ".join(f"{name} {value}" for name, value in member.to_json().items())
        return f"{member.name} ({settings})"
    named: dict[str, float] = {}
    for member, share in kept:
        named[member.name] = named.get(member.name, 0.0) + share
    ranked = sorted(named.items(), key=lambda item: -item[1])
    return "ensemble of " + ", ".join(f"{name} ({share:.0%})" for name, share in ranked)
