"""The small problem that the circuits carry, and the way back from its bits to an answer of the instance."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import canonical_json
from problems.optimisation.forms.spins import SpinForm, spin_form
from problems.optimisation.model.models import IndependentSet, MaxCut, Model, Qubo, SpinModel
from problems.optimisation.model.points import Infeasible, Point, cost
from problems.optimisation.quantum.descent import descend
from problems.optimisation.quantum.exact import Undo, restore
from problems.optimisation.quantum.independent import improved


@dataclass(frozen=True)
class Subproblem:
    """A problem on spins whose 4·cost is that of the answer that `lift` makes, or more.

    Attributes:
        form: what the circuits minimise.
        lift: `{"kept", "base", "undo"}` for the bits kinds: the instance's numbers of the variables, bits of
            the others, spins that were taken out; `{"base", "options"}` for schedules: a point without the
            freed patients, and what each variable says of which patient.
    """

    form: SpinForm
    lift: Mapping[str, Any]

    def dump(self) -> bytes:
        """Returns canonical JSON."""
        return canonical_json(
            {
                "constant": self.form.constant,
                "field": self.form.field.tolist(),
                "pairs": self.form.pairs.tolist(),
                "couplings": self.form.couplings.tolist(),
                "lift": dict(self.lift),
            }
        )


def parse(data: bytes) -> Subproblem:
    """Reads what `dump` wrote.

    Raises:
        ValueError, KeyError, TypeError: on anything else.
    """
    found = json.loads(data)
    form = SpinForm(
        int(found["constant"]),
        np.asarray(found["field"], dtype=np.int64).reshape(-1),
        np.asarray(found["pairs"], dtype=np.int64).reshape(-1, 2),
        np.asarray(found["couplings"], dtype=np.int64).reshape(-1),
    )
    return Subproblem(form, found["lift"])


def of_spins(
    form: SpinForm, kept: Sequence[int], base: NDArray[np.integer], undo: Sequence[Undo]
) -> Subproblem:
    """A subproblem of a bits kind; `base` holds a bit for every variable of the instance."""
    lift = {
        "kept": [int(k) for k in kept],
        "base": "".join(str(int(bit)) for bit in base),
        "undo": [[spin, own, [list(each) for each in near]] for spin, own, near in undo],
    }
    return Subproblem(form, lift)


def lifted(model: Model, found: Subproblem, bits: NDArray[np.uint8]) -> Point | None:
    """Returns the instance's answer to bits of the subproblem, improved by local search on the whole.

    None where the bits make no feasible answer.
    """
    if isinstance(model, Qubo | MaxCut | IndependentSet):
        return _lifted_bits(model, found, bits)
    point = np.asarray(found.lift["base"], dtype=np.int32).copy()
    for chosen, (patient, option) in zip(bits.tolist(), found.lift["options"], strict=True):
        if chosen:
            point[patient] = option
    try:
        cost(model, point)
    except Infeasible:
        return None
    return point


def _lifted_bits(model: SpinModel, found: Subproblem, bits: NDArray[np.uint8]) -> Point:
    spins = np.array([1 if bit == "1" else -1 for bit in found.lift["base"]], dtype=np.int64)
    spins[found.lift["kept"]] = 2 * bits.astype(np.int64) - 1
    restore([(spin, own, tuple(map(tuple, near))) for spin, own, near in found.lift["undo"]], spins)
    whole = ((spins + 1) // 2).astype(np.uint8)
    local, _ = descend(spin_form(model), whole[None, :])
    point = local[0].astype(np.int32)
    return improved(model, point) if isinstance(model, IndependentSet) else point
