"""Observables as sums of Pauli strings, and the bases in which they are measured together."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from escalation.model.errors import BadInput

LETTERS = frozenset("IXYZ")
MOST_TERMS = 100_000
"""Pauli strings that one circuit may be asked about."""

Observable = Mapping[str, float]
"""Pauli strings of one length, each with its real coefficient; the last letter acts on qubit 0."""


def observable(terms: Any) -> Observable:
    """Checks one observable; returns its terms sorted, its coefficients as floats.

    Raises:
        BadInput: on what is no mapping, is empty, has strings of several lengths or letters other than
            I, X, Y and Z, or coefficients that are not real and finite.
    """
    if not isinstance(terms, Mapping) or not terms:
        raise BadInput(f"expected an observable as Pauli strings with coefficients, got {terms!r}")
    for label in terms:
        if not isinstance(label, str) or not label or not set(label) <= LETTERS:
            raise BadInput(f"expected a Pauli string of the letters I, X, Y and Z, got {label!r}")
    lengths = sorted({len(label) for label in terms})
    if len(lengths) > 1:
        raise BadInput(f"expected Pauli strings of one length in an observable, got lengths {lengths}")
    return {label: _coefficient(label, terms[label]) for label in sorted(terms)}


def _coefficient(label: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise BadInput(f"expected a real, finite coefficient of {label}, got {value!r}")
    return float(value)


def measured_bases(observables: Sequence[Observable]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Groups the strings of observables so that each group is measured by one setting of every qubit.

    Strings that agree wherever both act share a setting (qubit-wise commutation). The groups are a colouring
    of the graph of the others, greedy, largest degree first, as in Qiskit's `PauliList.group_commuting`.

    Returns:
        By group the basis, I where no qubit of the group is asked about, and the strings in it.
    """
    labels = sorted({label for each in observables for label in each})
    clashes = _clashes(labels)
    colour: dict[int, int] = {}
    for node in sorted(range(len(labels)), key=lambda one: -len(clashes[one])):
        taken = {colour[other] for other in clashes[node] if other in colour}
        colour[node] = next(number for number in range(len(labels)) if number not in taken)
    groups: dict[int, list[str]] = {}
    for node, label in enumerate(labels):
        groups.setdefault(colour[node], []).append(label)
    return tuple((_basis(groups[number]), tuple(groups[number])) for number in sorted(groups))


def _clashes(labels: Sequence[str]) -> list[list[int]]:
    """By string the others that act on a qubit of its with another letter."""
    x = [int("".join("1" if letter in "XY" else "0" for letter in label), 2) for label in labels]
    z = [int("".join("1" if letter in "YZ" else "0" for letter in label), 2) for label in labels]

    def clash(a: int, b: int) -> int:
        return (x[a] | z[a]) & (x[b] | z[b]) & ((x[a] ^ x[b]) | (z[a] ^ z[b]))

    return [[b for b in range(len(labels)) if clash(a, b)] for a in range(len(labels))]


def _basis(group: Sequence[str]) -> str:
    return "".join(
        next((letter for letter in letters if letter != "I"), "I") for letters in zip(*group, strict=True)
    )
