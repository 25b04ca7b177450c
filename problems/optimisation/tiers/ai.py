"""The AI tier's method: the portfolio, its time divided as history says it pays on instances like this one.

The baseline is the same portfolio with its usual shares for the same time, which is the HPC tier's attempt in
the same case. Whether learning helps is measured in `bench/optimisation/learning.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from escalation.model.amounts import Bounds
from escalation.model.blob import Blob
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.ports.machines import Device
from escalation.ports.methods import Solve, succeeded
from problems.optimisation.learning.history import HISTORY
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.tiers.hpc import BY_CLOCK, Portfolio, candidate

CHOICE = Resources(wall_s=120.0)


@dataclass(frozen=True)
class LearnedPortfolio:
    """Work, by ordinal: 0 chooses the engines' shares from features and history; 1 runs the portfolio.

    Attributes:
        ranks: MPI processes to ask for.
    """

    ranks: int = 2
    name: str = "learned_portfolio"
    tier: Tier = Tier.AI
    work_kind: str = MpiProgram.kind
    irreproducible: str = BY_CLOCK

    def quote(self, view: OptimisationView, device: Device) -> Quote:
        """Bounds the attempt by the times at which its pieces of work are stopped."""
        return Portfolio(self.ranks).quote(view, device) + Quote(
            amounts=Bounds(wall_s=CHOICE.wall_s, cpu_s=CHOICE.wall_s)
        )

    def solve(self, view: OptimisationView, seed: int) -> Solve:
        """Yields the choice, then the portfolio.

        Raises:
            TierwiseError: when either failed, or no feasible answer was found.
        """
        choice = succeeded((yield self._choice(view, seed))).values
        portfolio = Portfolio(self.ranks, weights=choice["weights"] or None)
        found = candidate(succeeded((yield portfolio.work(view, seed))))
        return replace(found, notes={**found.notes, "learned": {**choice, "said": said(choice)}})

    def _choice(self, view: OptimisationView, seed: int) -> LocalCall:
        return LocalCall(
            "problems.optimisation.learning.choose:choose",
            {"seed": seed},
            {"model": view.blob, "history": Blob(HISTORY.read_bytes())},
            CHOICE,
        )


def said(choice: Mapping[str, Any]) -> str:
    """One sentence for the report: what the shares rest on."""
    instances = choice["instances"]
    if not choice["learned"]:
        return f"{instances} solved instances of this kind are too few to learn from: the usual shares"
    if not choice["weights"]:
        return "learned shares did not beat the usual ones on this kind when measured: the usual shares"
    return f"shares of time learned from {instances} solved instances of this kind"
