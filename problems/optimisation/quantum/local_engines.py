"""Engines run for a start and a bound: a board of one process without a clock, so that it repeats itself."""

from dataclasses import dataclass, field
from math import inf
from typing import Any

from escalation.model.errors import first_line
from problems.optimisation.engines.base import Engine, Unsuitable
from problems.optimisation.engines.catalogue import engine_class
from problems.optimisation.model.models import Appointments, Model, Triage
from problems.optimisation.model.points import Infeasible, Point, cost
from problems.optimisation.proofs.model import Proof

STARTS = {"appointments": "schedule_search", "triage": "placement_search"}
BOUNDS = {
    "qubo": ("spin_tree", "semidefinite"),
    "max_cut": ("spin_tree", "semidefinite"),
    "independent_set": ("spin_tree", "relaxation", "semidefinite"),
    "appointments": ("relaxation",),
    "triage": ("relaxation",),
}
"""Engines by kind; what the catalogue cannot import, or does not suit the instance, is left out."""


@dataclass
class LocalIncumbent:
    """Search state so far, of one process alone; it is over only when the cost meets the bound."""

    model: Model
    point: Point | None = None
    cost: int | None = None
    proofs: list[Proof] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def bound(self) -> int | None:
        """The best lower bound on all costs."""
        return max((proof.bound for proof in self.proofs), default=None)

    @property
    def certified_bound(self) -> int | None:
        """The same: the engines that run here prove what they state."""
        return self.bound

    def offer(self, point: Point, engine: str) -> bool:
        """Takes a feasible point that is better."""
        try:
            value = cost(self.model, point)
        except Infeasible as error:
            self.notes.setdefault(engine, {})["infeasible"] = str(error)
            return False
        if self.cost is not None and value >= self.cost:
            return False
        self.point, self.cost = point.copy(), value
        return True

    def prove(self, proof: Proof, engine: str) -> bool:
        """Takes a better bound; keeps the best alone."""
        if self.bound is not None and proof.bound <= self.bound:
            return False
        self.proofs = [proof]
        self.notes.setdefault(engine, {})["bound"] = proof.bound
        return True

    def stop(self) -> bool:
        """Over when it is proven."""
        return self.cost is not None and self.cost == self.bound

    def left_s(self) -> float:
        """There is no clock: engines are held by their effort."""
        return inf


def start(model: Model, incumbent: LocalIncumbent, seed: int, effort_s: float) -> None:
    """Runs the engine that schedules start from; the bits kinds have a search of their own."""
    if isinstance(model, Appointments | Triage):
        _run(model, STARTS[model.kind], incumbent, seed, effort_s)


def bound(model: Model, incumbent: LocalIncumbent, seed: int, effort_s: float) -> None:
    """Runs the engines that prove bounds, until one closes the gap."""
    for name in BOUNDS[model.kind]:
        if not incumbent.stop():
            _run(model, name, incumbent, seed, effort_s)


def _run(model: Model, name: str, incumbent: LocalIncumbent, seed: int, effort_s: float) -> None:
    try:
        found: type[Engine] = engine_class(name)
        engine: Engine = found(model, seed)  # type: ignore[call-arg]  # the protocol states no constructor
    except (ImportError, Unsuitable) as error:
        incumbent.notes[name] = {"left_out": first_line(error, typed=False)[:200]}
        return
    engine.run(incumbent, effort_s)
