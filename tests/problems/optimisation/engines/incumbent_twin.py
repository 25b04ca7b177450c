"""A board in memory: what an engine meets in the portfolio, without ranks."""

import time
from collections.abc import Callable

from problems.optimisation.engines.base import Engine
from problems.optimisation.model.models import Model
from problems.optimisation.model.points import Infeasible, Point, cost
from problems.optimisation.proofs.model import Proof


class BoardTwin:
    """Keeps the best point and bound; over when they meet, when time is up, or when `ends` says so.

    Attributes:
        faults: what engines offered wrongly: infeasible points, and bounds above a known cost.
        offers: costs of the points taken, in order.
        proofs: the proofs taken, in order.
        polls: how often it was asked whether to stop.
    """

    def __init__(
        self, model: Model, seconds: float = 200.0, ends: Callable[["BoardTwin"], bool] = lambda _: False
    ) -> None:
        self.model = model
        self.faults: list[str] = []
        self.offers: list[int] = []
        self.proofs: list[Proof] = []
        self.polls = 0
        self._ends = ends
        self._until = time.monotonic() + seconds
        self._point: Point | None = None
        self._cost: int | None = None
        self._bound: int | None = None

    @property
    def point(self) -> Point | None:
        return self._point

    @property
    def cost(self) -> int | None:
        return self._cost

    @property
    def bound(self) -> int | None:
        return self._bound

    @property
    def certified_bound(self) -> int | None:
        return max((p.bound for p in self.proofs if p.kind != "second_engine"), default=None)

    @property
    def proven(self) -> bool:
        """Whether the best point is known to be the best there is."""
        return self._cost is not None and self._bound is not None and self._bound >= self._cost

    def offer(self, point: Point, engine: str) -> bool:
        try:
            value = cost(self.model, point)
        except Infeasible as error:
            self.faults.append(f"{engine}: {error}")
            return False
        if self._cost is not None and value >= self._cost:
            return False
        self._point, self._cost = point.copy(), value
        self.offers.append(value)
        self._compare(engine)
        return True

    def prove(self, proof: Proof, engine: str) -> bool:
        known = self.bound if proof.kind == "second_engine" else self.certified_bound
        if known is not None and proof.bound <= known:
            return False
        self._bound = max(proof.bound, proof.bound if self._bound is None else self._bound)
        self.proofs.append(proof)
        self._compare(engine)
        return True

    def stop(self) -> bool:
        self.polls += 1
        return self.proven or time.monotonic() >= self._until or self._ends(self)

    def left_s(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def _compare(self, engine: str) -> None:
        if self._cost is not None and self._bound is not None and self._bound > self._cost:
            self.faults.append(f"{engine}: bound {self._bound} above cost {self._cost}")


def run(engine: Engine, incumbent: BoardTwin, slices: int = 50, effort_s: float = 0.2) -> int:
    """Runs slices until the board is over or the engine has nothing more; returns how many."""
    for count in range(1, slices + 1):
        more = engine.run(incumbent, effort_s)
        if not more or incumbent.stop():
            return count
    return slices
