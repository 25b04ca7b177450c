"""The calibrated noise of the qubits in use as Pauli transfer matrices. Needs qiskit."""

from functools import cache, cached_property
from typing import TYPE_CHECKING

from backends.circuits.pictures import Array, Misread
from backends.ibm_runtime.noise import noise_model

if TYPE_CHECKING:
    from qiskit_aer.noise import NoiseModel


class Channels:
    """What happens after every gate, and when a qubit is read: of a snapshot's qubits, in their order."""

    def __init__(self, device: str, qubits: tuple[int, ...], twirling: bool) -> None:
        self._of = (device, qubits, twirling)
        self._found: dict[tuple[str, tuple[int, ...]], Array | None] = {}

    @cached_property
    def _model(self) -> "NoiseModel":
        """Made when it is first needed, as that takes long for many qubits."""
        model = noise_model(*self._of)
        if model._default_quantum_errors or model._default_readout_error:
            raise ValueError("expected a noise model whose errors all name their qubits")
        if "measure" in model._local_quantum_errors:
            raise ValueError("expected a noise model without channels before a measurement")
        return model

    def after(self, name: str, where: tuple[int, ...]) -> Array | None:
        """The channel after a gate on those qubits, (4^k, 4^k); None where there is no noise."""
        from qiskit.quantum_info import PTM, SuperOp

        key = (name, where)
        if key not in self._found:
            error = self._model._local_quantum_errors.get(name, {}).get(where)
            self._found[key] = None if error is None else PTM(SuperOp(error)).data.real
        return self._found[key]

    def misread(self, qubit: int) -> Misread:
        """Probabilities of reading 1 for 0, and 0 for 1."""
        error = self._model._local_readout_errors.get((qubit,))
        if error is None:
            return (0.0, 0.0)
        return float(error.probabilities[0][1]), float(error.probabilities[1][0])


@cache
def channels(device: str, qubits: tuple[int, ...], twirling: bool) -> Channels:
    """Returns the channels of a snapshot's qubits, worked out once a process."""
    return Channels(device, qubits, twirling)
