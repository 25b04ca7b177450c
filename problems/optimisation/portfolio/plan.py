"""Which engines run on which rank, and how a rank's time is divided among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from problems.optimisation.engines.catalogue import ENGINES
from problems.optimisation.model.models import Model

MOST = 0.9
"""Of a rank, for an engine that is run once: what is left keeps the heuristics going on every rank."""

Weights = Mapping[str, float]

BITS: Weights = {
    "tempering": 0.3,
    "semidefinite": 0.25,
    "spin_tree": 0.25,
    "annealing": 0.12,
    "tabu": 0.08,
}
SHARES: Mapping[str, Weights] = {
    "qubo": BITS,
    "max_cut": BITS,
    "independent_set": {
        "tempering": 0.15,
        "relaxation": 0.05,
        "mip_tree": 0.35,
        "spin_tree": 0.15,
        "cp_sat": 0.15,
        "highs": 0.05,
        "annealing": 0.05,
        "tabu": 0.05,
    },
    "appointments": {
        "schedule_search": 0.15,
        "relaxation": 0.03,
        "cutting_planes": 0.45,
        "highs": 0.32,
        "cp_sat": 0.05,
    },
    "triage": {
        "placement_search": 0.3,
        "relaxation": 0.05,
        "cutting_planes": 0.2,
        "mip_tree": 0.05,
        "highs": 0.2,
        "cp_sat": 0.2,
    },
}
"""Shares of all time by kind, in the order of a rank's first slices: something to compare with, then bounds,
then the exact engines."""

LARGE: Mapping[str, tuple[int, Weights]] = {"appointments": (150, {"cp_sat": 0.0, "highs": 0.37})}
"""Shares that change above a size: CP-SAT closes clinics of 120 patients, and gets nowhere with 200."""


@dataclass(frozen=True)
class Assignment:
    """An engine on a rank, with its share of the rank's time."""

    engine: str
    share: float

    def to_json(self) -> dict[str, Any]:
        return {"engine": self.engine, "share": round(self.share, 4)}


@dataclass(frozen=True)
class Plan:
    """Who runs what: for each rank its engines in the order of their first slices."""

    ranks: tuple[tuple[Assignment, ...], ...]

    def team(self, engine: str) -> tuple[int, ...]:
        """The ranks that run an engine."""
        return tuple(
            rank for rank, row in enumerate(self.ranks) if any(each.engine == engine for each in row)
        )

    @property
    def engines(self) -> tuple[str, ...]:
        """Their names, sorted."""
        return tuple(sorted({each.engine for row in self.ranks for each in row}))

    def to_json(self) -> list[list[dict[str, Any]]]:
        return [[each.to_json() for each in row] for row in self.ranks]


def plan(
    model: Model, ranks: int, weights: Weights | None = None, engines: Sequence[str] | None = None
) -> Plan:
    """Deals the engines of the model's kind to ranks.

    An engine that is worth running once (a proof) goes to one rank, the largest first to the rank with the
    least to do (Graham 1969, SIAM J. Appl. Math. 17, 416); those that gain by many seeds fill what is left
    of every rank, in proportion to their shares. Without any of those, every rank runs all with other seeds.

    Args:
        model: the instance.
        ranks: of the world.
        weights: shares that replace the usual ones, engine by engine; 0 leaves one out.
        engines: the only ones to run.

    Raises:
        ValueError: on a name that is not in the catalogue, or when nothing is left to run.
    """
    shares = {**usual_shares(model), **(weights or {})}
    if engines is not None:
        shares = {name: shares.get(name, 0.0) or 1.0 for name in engines}
    unknown = sorted(set(shares) - set(ENGINES))
    if unknown:
        raise ValueError(f"expected engines among {', '.join(ENGINES)}, got {', '.join(unknown)}")
    shares = {name: share for name, share in shares.items() if share > 0}
    if not shares:
        raise ValueError("expected at least one engine with a share above 0, got none")
    many = {name: share for name, share in shares.items() if ENGINES[name].many}
    rows = _dealt(shares, many, ranks) if many else [shares for _ in range(ranks)]
    order = list(shares)
    return Plan(tuple(_row(row, order) for row in rows))


def usual_shares(model: Model) -> dict[str, float]:
    """The shares of all time for an instance of this kind and size."""
    size, changed = LARGE.get(model.kind, (0, {}))
    return {**SHARES[model.kind], **(changed if model.size > size else {})}


def _dealt(shares: Weights, many: Weights, ranks: int) -> list[dict[str, float]]:
    whole = sum(shares.values())
    rows: list[dict[str, float]] = [{} for _ in range(ranks)]
    once = [(share * ranks / whole, name) for name, share in shares.items() if name not in many]
    for demand, name in sorted(once, key=lambda pair: (-pair[0], pair[1])):
        least = min(range(ranks), key=lambda rank: sum(rows[rank].values()))
        rows[least][name] = min(demand, MOST)
    for row in rows:
        left = max(1.0 - sum(row.values()), 1.0 - MOST)
        row |= {name: left * share / sum(many.values()) for name, share in many.items()}
    return rows


def _row(row: Weights, order: list[str]) -> tuple[Assignment, ...]:
    whole = sum(row.values())
    return tuple(Assignment(name, row[name] / whole) for name in order if name in row)
