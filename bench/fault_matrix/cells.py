"""The cells: which point, which fault, who takes the work up again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from typing import Literal

from bench.fault_matrix.placements import (
    CLASS_OF,
    CLASSES,
    ELSEWHERE,
    FOR_EVER,
    ON_LADDERS,
    PRINCIPAL,
    FaultPlacement,
)
from bench.fault_matrix.points import ON_THE_WAY, POINTS, Point

By = Literal["resume", "reconcile"]
BOTH: tuple[By, By] = ("resume", "reconcile")
ELSEWHERE_POINTS = 1
TURNS = len(CLASSES)
"""Turns of the tests in which they play the whole covering array."""


@dataclass(frozen=True)
class Cell:
    """One run.

    Attributes:
        point: where the process dies; None lets it live.
        placement: the fault.
        by: who takes the work up: the case itself (`resume`), or `reconcile` first.
        whole: whether it is a whole case that climbs its ladder, instead of one piece of paid work.
    """

    point: Point | None
    placement: FaultPlacement
    by: By
    whole: bool = False

    @property
    def name(self) -> str:
        """Unique."""
        where = "no kill" if self.point is None else self.point.name
        return f"{'whole ladder | ' if self.whole else ''}{where} | {self.placement.name} | {self.by}"


def full() -> list[Cell]:
    """Every point under every fault where it does most harm; every fault at every other call at some points.

    Who takes the work up alternates, so that each point and each fault meets both.
    """
    cells = [
        Cell(point, placement, BOTH[(row + column) % 2])
        for row, placement in enumerate(PRINCIPAL)
        for column, point in enumerate((None, *POINTS))
    ]
    points, takers = cycle(POINTS), cycle((*BOTH, *reversed(BOTH)))
    for placement in (*ELSEWHERE, *FOR_EVER):
        some = [None, *(next(points) for _ in range(ELSEWHERE_POINTS))]
        cells += [Cell(point, placement, next(takers)) for point in some]
    return [*cells, *ladders()]


def ladders() -> list[Cell]:
    """Whole cases: every point of theirs under every fault of theirs."""
    return [
        Cell(point, placement, BOTH[(row + column) % 2], whole=True)
        for row, placement in enumerate(ON_LADDERS)
        for column, point in enumerate((None, *ON_THE_WAY))
    ]


def some_ladders() -> list[Cell]:
    """Whole cases in which every point and every fault of theirs is met, each once or twice.

    Faults that keep a case from its end come last, and so meet early points: no point is left out.
    """
    points, faults, takers = cycle(ON_THE_WAY), cycle(ON_LADDERS), cycle(BOTH)
    number = max(len(ON_THE_WAY), len(ON_LADDERS))
    return [Cell(next(points), next(faults), next(takers), whole=True) for _ in range(number)]


def subset() -> list[Cell]:
    """A covering array of strength two: each point with each fault class, and all pairs with the takers.

    A row for each point and class; which fault of the class and who takes over is what covers most pairs
    that no row before covers. Then a row for each fault that a taker has not met.
    """
    covered: set[tuple[str, str]] = set()
    chosen = []
    for point, names in product(POINTS, CLASSES.values()):
        candidates = [Cell(point, _placement(name), by) for name in names for by in BOTH]
        best = max(candidates, key=lambda cell: _gain(cell, covered))
        covered.update(pairs(best))
        chosen.append(best)
    for name, by in product(CLASS_OF, BOTH):
        if (name, by) not in covered:
            best = max(
                (Cell(point, _placement(name), by) for point in POINTS), key=lambda cell: _gain(cell, covered)
            )
            covered.update(pairs(best))
            chosen.append(best)
    return chosen


def turn(number: int) -> list[Cell]:
    """What the tests play of the covering array at a time: each point once, under another class each turn.

    A Latin square of points and classes, so that each class comes as often as any other. After `TURNS` turns
    all of the array was played.
    """
    square = len(POINTS) * TURNS
    array = subset()
    of_points = [array[at : at + TURNS] for at in range(0, square, TURNS)]
    chosen = [row[(number + at) % TURNS] for at, row in enumerate(of_points)]
    return [*chosen, *array[square + number % TURNS :: TURNS]]


def turn_of_ladders(number: int) -> list[Cell]:
    """What the tests play of `some_ladders` at a time: after `TURNS` turns all of them."""
    return some_ladders()[number % TURNS :: TURNS]


def _gain(cell: Cell, covered: set[tuple[str, str]]) -> tuple[bool, int]:
    """How much a cell adds; a fault with a taker first, as its own class alone can cover that."""
    new = set(pairs(cell)) - covered
    return (cell.placement.fault, cell.by) in new, len(new)


def _where_and_by(cell: Cell) -> tuple[str, str]:
    return "no kill" if cell.point is None else cell.point.name, cell.by


def _placement(fault: str) -> FaultPlacement:
    return next(each for each in PRINCIPAL if each.fault == fault)


def pairs(cell: Cell) -> Iterator[tuple[str, str]]:
    """The pairs that a cell covers: point, fault class and taker with each other, and fault with taker."""
    (where, by), group = _where_and_by(cell), CLASS_OF[cell.placement.fault]
    yield where, group
    yield where, by
    yield group, by
    yield cell.placement.fault, by
