"""From pubs to qiskit's circuits and values, and from samples to the bytes of a result. Needs qiskit."""

import io
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from escalation.model.blob import Blob
from escalation.model.errors import BadInput, one_line
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.circuits import AnyPub
from escalation.model.kinds.expectation_batch import EstimatorPub
from escalation.model.report import Report

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

SETS_AT_ONCE = 50
MOST_BITS = 1 << 14
"""Qubits, or classical bits, of a circuit: ten times what devices have. Reading makes an object each."""
_DECLARED = re.compile(r"\b(?:qubit|bit|qreg|creg)\s*(?:\w+\s*)?\[\s*([\d_]+)\s*\]")

Bits = NDArray[np.uint8]
Floats = NDArray[np.float64]


def load_circuit(pub: AnyPub) -> "QuantumCircuit":
    """Reads the pub's OpenQASM 3; what was read lately is handed out again, and is not to be changed.

    Raises:
        BadInput: when it cannot be read, does not measure as the pub wants it (into one register, or, where
            observables say what is measured, nothing), is of another width than the observables, or its
            inputs are not the pub's parameters.
    """
    circuit = _load(pub.qasm3)
    _check(circuit, pub)
    inputs = sorted(parameter.name for parameter in circuit.parameters)
    if inputs != sorted(pub.parameter_names):
        raise BadInput(f"expected parameters named {inputs}, as the circuit, got {list(pub.parameter_names)}")
    return circuit


@lru_cache(maxsize=64)
def _load(text: str) -> "QuantumCircuit":
    from qiskit import qasm3

    declared = max((int(size.replace("_", "") or 0) for size in _DECLARED.findall(text)), default=0)
    if declared > MOST_BITS:
        raise BadInput(f"expected a circuit of at most {MOST_BITS} qubits or bits, got {declared}")
    try:
        return qasm3.loads(text)
    except Exception as error:  # the importer raises errors of several libraries
        raise BadInput(f"expected OpenQASM 3, got {_said(error)}") from None


def _said(error: Exception) -> str:
    """What is wrong with a text; the parser of its grammar does not say, but knows where it stumbled."""
    for cause in getattr(error.__cause__, "args", ()):
        token = getattr(cause, "offendingToken", None)
        if token is not None:
            return f"{token.text!r} in line {token.line}"
    return one_line(error, typed=False)


def _check(circuit: "QuantumCircuit", pub: AnyPub) -> None:
    if isinstance(pub, EstimatorPub):
        _check_observed(circuit, pub)
    elif len(circuit.cregs) != 1 or not circuit.count_ops().get("measure"):
        raise BadInput(
            f"expected a circuit that measures into one classical register, got {len(circuit.cregs)} "
            f"registers and {circuit.count_ops().get('measure', 0)} measurements"
        )


def _check_observed(circuit: "QuantumCircuit", pub: EstimatorPub) -> None:
    if circuit.num_clbits:
        raise BadInput(
            f"expected a circuit without classical bits, as the observables say what is measured, got "
            f"{circuit.num_clbits}"
        )
    letters = len(pub.bases[0][0])
    if letters != circuit.num_qubits:
        raise BadInput(
            f"expected observables on the {circuit.num_qubits} qubits of the circuit, got Pauli strings of "
            f"{letters} letters"
        )


def load_values(pub: AnyPub) -> Floats:
    """Reads the parameter sets, shape (sets, parameters); raises `BadInput` on values that are not finite."""
    values = np.load(io.BytesIO(pub.parameters.data), allow_pickle=False)
    if not np.isfinite(values).all():
        raise BadInput("expected finite parameter values, got NaN or infinity")
    return np.asarray(values, dtype=np.float64)


def count_sets(pub: AnyPub) -> int:
    """Number of parameter sets."""
    return len(load_values(pub))


class Sampler(Protocol):
    """Samples one circuit; returns uint8 (rows, shots, bytes), or (1, shots, bytes) without parameters."""

    def __call__(
        self, circuit: "QuantumCircuit", names: tuple[str, ...], rows: Floats, shots: int, seed: int
    ) -> Bits: ...


def sample_pub(sampler: Sampler, circuit: "QuantumCircuit", pub: AnyPub, seed: int, report: Report) -> Bits:
    """Samples every parameter set of a pub; returns uint8 (sets, shots, bytes), see `CircuitBatch`.

    Sets go to the sampler in slices of fixed size, each with a seed of its own, so that the samples do not
    depend on how fast or on how many threads they are made. Without parameters a slice is one set, as
    simulators would run equal circuits once, or with equal seeds.
    """
    values = load_values(pub)
    size = SETS_AT_ONCE if pub.parameter_names else 1
    parts = []
    for start in range(0, len(values), size):
        rows = values[start : start + size]
        parts.append(sampler(circuit, pub.parameter_names, rows, pub.shots, derive_seed(seed, "sets", start)))
        report(min(1.0, (start + len(rows)) / len(values)))
    return np.concatenate(parts)


def parameter_sets(circuit: "QuantumCircuit", names: tuple[str, ...], rows: Floats, shots: int) -> Any:
    """Returns the pub for a primitive of Qiskit."""
    return (circuit, {names: rows} if names else None, shots)


def bits_of(circuit: "QuantumCircuit", result: Any) -> Bits:
    """Returns the samples of a primitive's pub result, uint8 (sets, shots, bytes)."""
    array: Bits = result.data[circuit.cregs[0].name].array
    return array if array.ndim == 3 else array[np.newaxis]


def pack(batch: CircuitBatch, samples: list[Bits], bits: list[int]) -> dict[str, Any]:
    """Returns the `values` and `files` of a result, laid out as `CircuitBatch` says."""
    shots = zip(samples, bits, batch.pubs, strict=True)
    return {
        "values": {
            "pubs": [{"sets": len(s), "shots": pub.shots, "bits": n} for s, n, pub in shots],
        },
        "files": {f"bits-{k}.npy": Blob(npy_bytes(array)) for k, array in enumerate(samples)},
    }


def npy_bytes(array: NDArray[Any]) -> bytes:
    """Returns the array in NumPy's file format."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def pub_report(report: Report, number: int, total: int) -> Report:
    """Narrows a report to one pub out of several."""

    class _Part(Report):
        def __call__(self, fraction: float, message: str = "") -> None:
            report((number + fraction) / total, message or f"pub {number + 1} of {total}")

    return _Part()
