"""From an instance of a bits kind to a problem that fits: first what loses nothing, then a neighbourhood."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.model.models import SpinModel
from problems.optimisation.quantum.descent import descend
from problems.optimisation.quantum.exact import Kernel, kernel, restore
from problems.optimisation.quantum.lattice import embed
from problems.optimisation.quantum.subproblem import Subproblem, of_spins
from toolbox.arrays.types import Bits

MOST_QUBITS = 20
"""Variables up to which an instance is taken as it is, whatever its couplings."""
MOST_NATIVE = 120
"""Likewise where its couplings lie on a heavy-hex lattice."""
REDUCED_QUBITS = 16
"""Variables that are left of a larger one."""
STARTS = 96
ELITES = 12


@dataclass(frozen=True)
class Prepared:
    """Facts about an instance without any search.

    Attributes:
        how: `whole`, `exact` (what is left after spins were taken out at no loss), or `neighbourhood`.
        kernel: what is left; the whole for `whole`, and where nothing was left.
        native: whether it lies on a heavy-hex lattice.
        solved: bits of an optimum, where nothing was left.
    """

    how: str
    kernel: Kernel
    native: bool
    solved: Bits | None = None


def fits(form: SpinForm) -> tuple[bool, bool]:
    """Tells whether the circuits can carry a form, and whether natively."""
    native = 0 < form.size <= MOST_NATIVE and embed(form.size, [(int(i), int(j)) for i, j in form.pairs])
    return bool(native) or 0 < form.size <= MOST_QUBITS, bool(native)


def prepare(model: SpinModel) -> Prepared:
    """Takes spins out at no loss where the whole does not fit; the same for the same instance."""
    return _prepare(_ByDigest(model))


class _ByDigest:
    """A model as a cache key: equal digests are equal models."""

    def __init__(self, model: SpinModel) -> None:
        self.model, self.digest = model, model.digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=8)
def _prepare(key: _ByDigest) -> Prepared:
    form = spin_form(key.model)
    whole = Kernel(form, tuple(range(form.size)), ())
    possible, native = fits(form)
    if possible:
        return Prepared("whole", whole, native)
    found = kernel(form)
    possible, native = fits(found.form)
    if possible:
        return Prepared("exact", found, native)
    if found.form.size:
        return Prepared("neighbourhood", found, False)
    return Prepared("neighbourhood", whole, False, _whole_bits(found, np.zeros(0, dtype=np.uint8), form.size))


def reduce_spins(model: SpinModel, seed: int) -> tuple[Subproblem, Bits | None, dict[str, Any]]:
    """Returns the subproblem, the best bits of the instance where it was searched, and what was done.

    What fits at no loss is not searched: its answer comes from the samples alone.
    """
    ready = prepare(model)
    found, size = ready.kernel, len(ready.kernel.kept) + len(ready.kernel.undo)
    notes: dict[str, Any] = {"how": ready.how, "native": ready.native, "variables": size}
    notes["taken_out_at_no_loss"] = size if ready.solved is not None else len(found.undo)
    if ready.how != "neighbourhood":
        return of_spins(found.form, found.kept, np.zeros(size, dtype=np.uint8), found.undo), None, notes
    starts = np.random.default_rng(seed).integers(0, 2, (STARTS, found.form.size), dtype=np.uint8)
    if ready.solved is not None:
        starts[0] = ready.solved
    elites, costs = _elites(found.form, starts)
    best = _whole_bits(found, elites[0], size)
    chosen = _undecided(found.form, elites)
    held = {k: int(bit) for k, bit in enumerate(elites[0]) if k not in set(chosen)}
    notes |= {
        "held_at_the_best_found": len(held),
        "on_which_elites_agree": int((elites == elites[0]).all(axis=0).sum()),
        "elites": len(elites),
        "elite_four_costs": [int(costs[0]), int(costs[-1])],
    }
    kept = [found.kept[k] for k in chosen]
    return of_spins(found.form.fix(held), kept, best, found.undo), best, notes


def _whole_bits(found: Kernel, bits: Bits, size: int) -> Bits:
    spins = np.zeros(size, dtype=np.int64)
    spins[list(found.kept)] = 2 * bits.astype(np.int64) - 1
    restore(found.undo, spins)
    return ((spins + 1) // 2).astype(np.uint8)


def _elites(form: SpinForm, starts: Bits) -> tuple[Bits, NDArray[np.int64]]:
    """The best distinct local minima, turned over where that brings them nearer the best one."""
    minima, costs = descend(form, starts)
    order = np.lexsort((*minima.T[::-1], costs))
    minima, costs = minima[order], costs[order]
    if form.symmetric and form.size:
        apart = (minima != minima[0]).sum(axis=1)
        minima = np.where((2 * apart > form.size)[:, None], 1 - minima, minima)
    fresh = np.sort(np.unique(minima, axis=0, return_index=True)[1])[:ELITES]
    return minima[fresh], costs[fresh]


def _undecided(form: SpinForm, elites: Bits) -> list[int]:
    """Grows a connected set from the variable on which elites differ most; lowest number in a tie."""
    doubt = (elites != elites[0]).mean(axis=0)
    near: list[dict[int, int]] = [{} for _ in range(form.size)]
    for (i, j), c in zip(form.pairs.tolist(), form.couplings.tolist(), strict=True):
        near[i][j] = near[j][i] = abs(c)
    chosen: list[int] = []
    pull: dict[int, int] = {}
    while len(chosen) < min(REDUCED_QUBITS, form.size):
        ranks = [(doubt[v], pull.get(v, 0), -v) for v in (pull or set(range(form.size)).difference(chosen))]
        best = -max(ranks)[2]
        chosen.append(best)
        pull.pop(best, None)
        for other, weight in near[best].items():
            if other not in chosen:
                pull[other] = pull.get(other, 0) + weight
    return sorted(chosen)
