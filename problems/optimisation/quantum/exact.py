"""Spins that can be taken out of a problem without losing its optimum.

- A spin whose field outweighs its couplings points against its field in some optimum (Boros & Hammer 2002,
  Discrete Appl. Math. 123, 155, §4).
- A spin with one coupling takes its best value for either value of its neighbour: what is left is a field on
  the neighbour. For an independent set this takes vertices of degree 1.
- A spin with two couplings likewise leaves fields on its neighbours and a coupling between them, where these
  are whole numbers (always without a field).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.forms.spins import SpinForm

Undo = tuple[int, int, tuple[tuple[int, int], ...]]
"""A spin that was taken out: its number, its field, its neighbours with couplings, all as they were then."""


@dataclass(frozen=True)
class Kernel:
    """What is left.

    Attributes:
        form: over the spins that are left, in their order; its cost is the whole problem's at its best.
        kept: their numbers.
        undo: those taken out, in that order.
    """

    form: SpinForm
    kept: tuple[int, ...]
    undo: tuple[Undo, ...]


def kernel(form: SpinForm) -> Kernel:
    """Takes spins out until no rule applies; the lowest number first."""
    work = _Work.of(form)
    waiting = set(range(form.size))
    while waiting:
        spin = min(waiting)
        waiting.discard(spin)
        near = tuple(sorted(work.coupling[spin].items()))
        if work.take_out(spin, near):
            waiting |= {other for other, _ in near}
    return work.kernel()


def restore(undo: Sequence[Undo], spins: NDArray[np.int64]) -> None:
    """Gives the spins that were taken out their best values, in place; ties become 1."""
    for spin, own, near in reversed(undo):
        spins[spin] = 1 if own + sum(j * int(spins[other]) for other, j in near) <= 0 else -1


@dataclass
class _Work:
    constant: int
    own: list[int]
    coupling: list[dict[int, int]]
    undo: list[Undo] = field(default_factory=list)

    @classmethod
    def of(cls, form: SpinForm) -> "_Work":
        coupling: list[dict[int, int]] = [{} for _ in range(form.size)]
        for (i, j), c in zip(form.pairs.tolist(), form.couplings.tolist(), strict=True):
            coupling[i][j] = coupling[j][i] = c
        return cls(form.constant, form.field.tolist(), coupling)

    def take_out(self, spin: int, near: tuple[tuple[int, int], ...]) -> bool:
        """Applies the first rule that fits; returns whether one did."""
        own = self.own[spin]
        if abs(own) >= sum(abs(j) for _, j in near):
            value = 1 if own <= 0 else -1
            self.constant += value * own
            for other, j in near:
                self.own[other] += value * j
            self._drop(spin, ())
            return True
        if len(near) == 1:
            ((other, j),) = near
            up, down = -abs(own + j), -abs(own - j)
            self.constant += (up + down) // 2
            self.own[other] += (up - down) // 2
            self._drop(spin, near)
            return True
        return len(near) == 2 and self._fold(spin, near)

    def _fold(self, spin: int, near: tuple[tuple[int, int], ...]) -> bool:
        (a, ja), (b, jb) = near
        value = {(s, t): -abs(self.own[spin] + s * ja + t * jb) for s in (1, -1) for t in (1, -1)}
        sums = [
            sum(v * weight(s, t) for (s, t), v in value.items())
            for weight in (lambda s, t: 1, lambda s, t: s, lambda s, t: t, lambda s, t: s * t)
        ]
        if any(total % 4 for total in sums):
            return False
        constant, first, second, both = (total // 4 for total in sums)
        self.constant += constant
        self.own[a] += first
        self.own[b] += second
        self._drop(spin, near)
        joint = self.coupling[a].get(b, 0) + both
        for one, other in ((a, b), (b, a)):
            if joint:
                self.coupling[one][other] = joint
            else:
                self.coupling[one].pop(other, None)
        return True

    def _drop(self, spin: int, near: tuple[tuple[int, int], ...]) -> None:
        self.undo.append((spin, self.own[spin], near))
        for other in self.coupling[spin]:
            del self.coupling[other][spin]
        self.coupling[spin] = {}

    def kernel(self) -> Kernel:
        gone = {spin for spin, _, _ in self.undo}
        kept = tuple(spin for spin in range(len(self.own)) if spin not in gone)
        place = {spin: index for index, spin in enumerate(kept)}
        triples = [
            (place[i], place[j], c) for i in kept for j, c in sorted(self.coupling[i].items()) if i < j
        ]
        array = np.asarray(triples, dtype=np.int64).reshape(-1, 3)
        own = np.asarray([self.own[spin] for spin in kept], dtype=np.int64)
        return Kernel(SpinForm(self.constant, own, array[:, :2], array[:, 2]), kept, tuple(self.undo))
