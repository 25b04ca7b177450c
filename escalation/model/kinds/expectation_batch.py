"""Circuits to estimate expectation values of."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from escalation.model.demand import Demand
from escalation.model.errors import BadInput
from escalation.model.kinds.circuits import AnyPub, Circuits
from escalation.model.pauli import MOST_TERMS, Observable, measured_bases, observable
from escalation.model.work import Json

FINEST = 1e-5
"""The smallest precision; it takes 10¹⁰ shots a basis."""


@dataclass(frozen=True)
class EstimatorPub(AnyPub):
    """A circuit, the observables to estimate, the parameter sets to estimate them for, and how precisely.

    Attributes:
        qasm3: measures nothing: the observables say what is measured.
        observables: each a mapping of Pauli strings, as long as the circuit has qubits and the last letter
            for qubit 0, to real coefficients. Every observable is estimated for every parameter set.
        precision: the standard error wanted of a single Pauli string, above 0 and at most 1. Every basis is
            measured ceil(1 / precision²) times, as Qiskit's estimators do.
    """

    observables: tuple[Observable, ...]
    precision: float

    def __post_init__(self) -> None:
        """Raises `BadInput` as any pub does, and on observables or a precision that mean nothing."""
        super().__post_init__()
        found = tuple(observable(each) for each in self.observables)
        lengths = sorted({len(label) for each in found for label in each})
        if len(lengths) != 1 or sum(map(len, found)) > MOST_TERMS:
            raise BadInput(
                f"expected 1 to {MOST_TERMS} Pauli strings of one length, got {sum(map(len, found))} of the "
                f"lengths {lengths}"
            )
        value = self.precision
        if isinstance(value, bool) or not isinstance(value, int | float) or not FINEST <= value <= 1:
            raise BadInput(f"expected a precision of {FINEST:g} to 1, got {value!r}")
        object.__setattr__(self, "observables", found)
        object.__setattr__(self, "precision", float(value))

    def to_json(self) -> dict[str, Any]:
        return {
            **super().to_json(),
            "observables": [dict(each) for each in self.observables],
            "precision": self.precision,
        }

    @classmethod
    def asked(cls, data: Json) -> dict[str, Any]:
        return {"observables": tuple(data["observables"]), "precision": data["precision"]}

    @property
    def shots(self) -> int:
        """Executions of every parameter set in every basis."""
        return math.ceil(1.0 / self.precision**2)

    @cached_property
    def bases(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The bases to measure in, see `measured_bases`."""
        return measured_bases(self.observables)

    def demand(self) -> Demand:
        circuits = self.sets * len(self.bases)
        return Demand(circuits, circuits * self.shots, math.prod(self.shape))


@dataclass(frozen=True)
class ExpectationBatch(Circuits[EstimatorPub]):
    """Expectation values of circuits, asked for as one job.

    The result's values hold `pubs: [{"sets", "observables", "bases", "shots", "precision"}]`; of pub K its
    file `evs-K.npy` holds the expectation values and `stds-K.npy` their standard errors, float64 arrays of
    shape (sets, observables) both.
    """

    kind: ClassVar[str] = "expectation_batch"
    sample: ClassVar[str] = "escalation.testing.works:expectation_batch"
    pub: ClassVar[type[AnyPub]] = EstimatorPub
