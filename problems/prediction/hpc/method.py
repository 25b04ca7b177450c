"""The HPC tier's method: nested cross-validation over linear, kernel and nearest-neighbour models."""

import json
from dataclasses import dataclass, replace
from typing import Any

from escalation.model.amounts import Bounds
from escalation.model.attempt import Candidate
from escalation.model.errors import TierwiseError
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.ports.machines import Device
from escalation.ports.methods import Solve
from problems.prediction import first_answer
from problems.prediction.hpc.grids import first_plan, plan_for
from problems.prediction.tables.table import TableView, width

PROGRAM = "problems.prediction.hpc.nested_cv:run"
START_S = 60.0
"""Imports and MPI start-up of a rank, on a slow disk."""


@dataclass(frozen=True)
class NestedCV:
    """Nested cross-validation and bootstrap, spread over MPI ranks.

    Attributes:
        ranks: MPI processes to ask for; the numbers do not depend on it.
    """

    ranks: int = 2
    name: str = "nested_cv"
    tier: Tier = Tier.HPC
    work_kind: str = "mpi_program"

    def quote(self, view: TableView, device: Device) -> Quote:
        """Bounds the attempt by the times at which its work is stopped."""
        works = [self._work(view, 0), *([self._first(view, 0)] if first_answer.wanted(view) else [])]
        wall_s = sum(work.resources.wall_s for work in works)
        return Quote(amounts=Bounds(wall_s=wall_s, cpu_s=wall_s * self.ranks))

    def solve(self, view: TableView, seed: int) -> Solve:
        """Yields one MPI program; of a large table a short one before it, whose model stands until then.

        Raises:
            TierwiseError: when it failed.
        """
        first = None
        if first_answer.wanted(view):
            first = yield self._first(view, seed)
        result = yield self._work(view, seed)
        if not isinstance(result, RawResult):
            raise TierwiseError("nested cross-validation failed: expected one result")
        if isinstance(first, RawResult) and first.ok and first_answer.stands(result):
            return first_answer.standing(_candidate(first), result)
        if not result.ok:
            raise TierwiseError(f"nested cross-validation failed: {first_answer.why(first, result)}")
        return _candidate(result)

    def _first(self, view: TableView, seed: int) -> MpiProgram:
        """One model with one setting on all open rows, and its set model; one rank starts soonest."""
        asked = self._work(view, seed)
        params = {**asked.params, "plan": first_plan(view).to_json()}
        return replace(asked, params=params, resources=replace(asked.resources, ranks=1))

    def _work(self, view: TableView, seed: int) -> MpiProgram:
        return MpiProgram(
            program=PROGRAM,
            params={
                "columns": [column.to_json() for column in view.columns],
                "plan": plan_for(view).to_json(),
                "metric": view.metric,
                "seed": seed,
                "time_ordered": view.time_ordered,
                **({"by_site": True} if view.open_sites else {}),
                **({"asked": view.asked.to_json()} if view.asked.task != "binary" else view.region),
            },
            inputs={"open_rows": view.open_rows, "sealed_rows": view.sealed_rows},
            resources=Resources(ranks=self.ranks, wall_s=wall_cap_s(view, self.ranks)),
        )


def wall_cap_s(view: TableView, ranks: int) -> float:
    """Returns the seconds after which the work is stopped: start-up, and every fit much slower than usual."""
    plan = plan_for(view)
    fit_s = 0.01 * (1 + view.n_open / 500) * (1 + width(view.columns) / 30)
    return round(START_S + plan.fits(view.metric, view.open_sites) * fit_s * 1.5 / ranks, 0)


def _candidate(result: RawResult) -> Candidate:
    told = ("model_format", "chosen", "conformal", "sets")
    notes: dict[str, Any] = {name: value for name, value in result.values.items() if name not in told}
    if "sets" in result.values:
        notes["conformal"] = result.values["sets"]
    if "scaling.json" in result.evidence:
        notes["scaling"] = json.loads(result.evidence["scaling.json"].data)
    claim = {"conformal": result.values["conformal"]} if "conformal" in result.values else {}
    names = ["model", "sealed_scores", "train_rows", *(["sealed_sets", "set_model"] if claim else [])]
    return Candidate(
        values={"model_format": result.values["model_format"], "chosen": result.values["chosen"], **claim},
        files={name: result.files[name] for name in names},
        notes=notes,
    )
