"""Ranks without processes: messages lie in lists until somebody looks, so every crossing can be played."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from mpi4py import MPI

from problems.optimisation.model.models import MaxCut


@dataclass
class Letter:
    """A synchronous send: complete when it is taken out of the box."""

    source: int
    data: bytes
    taken: bool = False

    def Test(self) -> bool:
        return self.taken

    def Irecv(self, buffer: list[Any]) -> "Letter":
        buffer[0][:] = self.data
        self.taken = True
        return self


@dataclass
class PaperWorld:
    """One rank's view of a world whose ranks live in one process."""

    rank: int
    boxes: list[list[Letter]] = field(repr=False)

    def Get_rank(self) -> int:
        return self.rank

    def Get_size(self) -> int:
        return len(self.boxes)

    def Issend(self, message: bytes, dest: int, tag: int) -> Letter:
        letter = Letter(self.rank, message)
        self.boxes[dest].append(letter)
        return letter

    def Improbe(self, tag: int, status: MPI.Status) -> Letter | None:
        if not self.boxes[self.rank]:
            return None
        letter = self.boxes[self.rank].pop(0)
        status.source = letter.source
        status.Set_elements(MPI.BYTE, len(letter.data))
        return letter


@pytest.fixture
def paper_ranks() -> Callable[[int], list[PaperWorld]]:
    def make(count: int) -> list[PaperWorld]:
        boxes: list[list[Letter]] = [[] for _ in range(count)]
        return [PaperWorld(rank, boxes) for rank in range(count)]

    return make


@pytest.fixture
def square() -> MaxCut:
    """A square of weights 1, 2, 3, 4 with a diagonal of weight 5.

    By hand: vertices 1 and 3 apart cut the diagonal, and 2 and 4 each sit best where the heavier of their two
    edges is cut: 5 + 2 + 4 = 11; all four sides are cut with 1 and 3 together: 10. The largest cut is 11.
    """
    return MaxCut(vertices=4, edges=((0, 1, 1), (0, 2, 5), (0, 3, 4), (1, 2, 2), (2, 3, 3)))
