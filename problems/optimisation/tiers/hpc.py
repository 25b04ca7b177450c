"""The HPC tier's method: a portfolio of engines over MPI ranks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
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
from escalation.ports.methods import Solve, succeeded
from problems.optimisation.loading.instance import OptimisationView

PROGRAM = "problems.optimisation.portfolio.program:run"
START_S = 60.0
"""Imports and MPI start-up of a rank on a slow disk, and an engine that ends its last slice late."""

BY_CLOCK = "its search ends by the clock, and its ranks exchange what they find while they run"
ANSWER = ("kind", "solution", "objective", "bound", "engine")


@dataclass(frozen=True)
class Portfolio:
    """Engines side by side on every rank, that share incumbents and bounds.

    Attributes:
        ranks: MPI processes to ask for.
        engines: the only ones to run; None for all that suit the kind.
        weights: shares of time by engine that replace the usual ones.
        rounds: {"count", "effort_s"} to exchange between slices alone, which makes the answer the same in
            every run as far as the engines allow; None to exchange while running.
    """

    ranks: int = 2
    engines: tuple[str, ...] | None = None
    weights: Mapping[str, float] | None = None
    rounds: Mapping[str, float] | None = None
    name: str = "portfolio"
    tier: Tier = Tier.HPC
    work_kind: str = MpiProgram.kind

    @property
    def irreproducible(self) -> str:
        """Why another run may find another answer."""
        return BY_CLOCK if self.rounds is None else ""

    def quote(self, view: OptimisationView, device: Device) -> Quote:
        """Bounds the attempt by the time at which its work is stopped."""
        work = self.work(view, 0)
        return Quote(amounts=Bounds(wall_s=work.resources.wall_s, cpu_s=work.resources.wall_s * self.ranks))

    def solve(self, view: OptimisationView, seed: int) -> Solve:
        """Yields one MPI program.

        Raises:
            TierwiseError: when it failed, or found no feasible answer.
        """
        return candidate(succeeded((yield self.work(view, seed))))

    def work(self, view: OptimisationView, seed: int) -> MpiProgram:
        """The program to run."""
        return MpiProgram(
            program=PROGRAM,
            params={
                "aim": view.aim,
                "search_s": view.search_s,
                "seed": seed,
                "engines": None if self.engines is None else list(self.engines),
                "weights": None if self.weights is None else dict(self.weights),
                "rounds": None if self.rounds is None else dict(self.rounds),
            },
            inputs={"model": view.blob},
            resources=Resources(ranks=self.ranks, wall_s=view.search_s + START_S),
        )


def candidate(result: RawResult) -> Candidate:
    """The answer of a portfolio that ran.

    Raises:
        TierwiseError: when it holds none.
    """
    values = result.values
    if values["solution"] is None:
        told = "; ".join(values["remarks"]) or f"its engines were {', '.join(sorted(values['engines']))}"
        raise TierwiseError(f"the portfolio found no feasible answer ({values['stopped']}): {told}")
    notes: dict[str, Any] = {name: value for name, value in values.items() if name not in ANSWER}
    if "portfolio.json" in result.evidence:
        notes |= json.loads(result.evidence["portfolio.json"].data)
    return Candidate(
        values={name: values[name] for name in ANSWER}, files={"proofs": result.files["proofs"]}, notes=notes
    )
