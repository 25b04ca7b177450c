"""What the portfolio and an engine expect of each other."""

from typing import Any, ClassVar, Protocol

from problems.optimisation.model.points import Point
from problems.optimisation.proofs.model import Proof


class Incumbent(Protocol):
    """Search state so far, on every rank: the best point, the best bound. Costs are minimised integers."""

    @property
    def point(self) -> Point | None:
        """The best feasible point; not to be changed."""

    @property
    def cost(self) -> int | None:
        """Its cost."""

    @property
    def bound(self) -> int | None:
        """The best lower bound on all costs, whoever states it."""

    @property
    def certified_bound(self) -> int | None:
        """The best one whose proof anybody can check again: what an engine with proofs has to beat."""

    def offer(self, point: Point, engine: str) -> bool:
        """Takes a point that is feasible and better, computes its cost, tells the other ranks.

        Returns whether it was taken. An infeasible point is an error of the engine: it is noted, not taken.
        """

    def prove(self, proof: Proof, engine: str) -> bool:
        """Takes a bound that is better than what is known, tells the other ranks; returns whether it was."""

    def stop(self) -> bool:
        """Hears the other ranks; True when it is over: proven, target reached, time up, or asked to stop.

        Cheap: an engine asks every few milliseconds, from within its callbacks where it has some.
        """

    def left_s(self) -> float:
        """Seconds of elapsed time that are left of the whole search."""


class Engine(Protocol):
    """A search or a bound on one instance, run in slices; it keeps what it learned from slice to slice.

    Constructed as `Class(model, seed)`. Raises `Unsuitable` there when it cannot treat the instance.
    """

    name: ClassVar[str]
    deterministic: ClassVar[bool]
    """Whether a slice of one `effort_s`, fed one board, does the same whatever the machine's speed."""

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """Works for about `effort_s` seconds of an ordinary core, or until `incumbent.stop()`.

        Effort is turned into the engine's own counts (sweeps, moves, deterministic time) where it can be, so
        that a slice is the same on any machine. It never runs much beyond `incumbent.left_s()`.

        Returns:
            Whether another slice may be worth it; False when the engine has nothing more to give.
        """

    def notes(self) -> dict[str, Any]:
        """Small JSON data on what it did, for the record."""


class Unsuitable(ValueError):
    """The engine cannot treat this instance (its kind, its size)."""
