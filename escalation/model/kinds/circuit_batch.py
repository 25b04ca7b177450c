"""Circuits to sample."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from escalation.model.blob import Blob
from escalation.model.identity import digest_bytes, digest_json
from escalation.model.resources import Resources


@dataclass(frozen=True)
class Pub:
    """A circuit with the parameter sets and shots it is run for (Qiskit's primitive unified bloc).

    Attributes:
        qasm3: the logical circuit as OpenQASM 3 text, its parameters declared `input float[64]`,
            ending in measurements of one classical register.
        parameters: `.npy` bytes of a float64 array of shape (sets, parameters).
        parameter_names: the column order of `parameters`.
        shots: executions of every parameter set.
    """

    qasm3: str
    parameters: Blob
    parameter_names: tuple[str, ...]
    shots: int

    def to_json(self) -> dict[str, Any]:
        return {
            "qasm3": digest_bytes(self.qasm3.encode()),
            "parameters": self.parameters.digest,
            "parameter_names": list(self.parameter_names),
            "shots": self.shots,
        }


@dataclass(frozen=True)
class CircuitBatch:
    """Circuits to sample, sent as one job.

    The result's values hold `pubs: [{"sets", "shots", "bits"}]`; its file `bits-K.npy` holds the
    samples of pub K as a uint8 array of shape (sets, shots, ceil(bits/8)), packed as in
    `qiskit.primitives.BitArray.array` (big-endian bits, classical bit 0 last).

    Attributes:
        pubs: what to run.
        options: how: `twirling` (bool), `dynamical_decoupling` (sequence name or null),
            `optimization_level` (0-3).
        seed: for the transpiler and for simulators.
    """

    kind: ClassVar[str] = "circuit_batch"
    pubs: tuple[Pub, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    resources: Resources = Resources()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "pubs": [pub.to_json() for pub in self.pubs],
            "options": dict(self.options),
            "seed": self.seed,
            "resources": self.resources.to_json(),
        }

    @property
    def digest(self) -> str:
        return digest_json(self.to_json())
