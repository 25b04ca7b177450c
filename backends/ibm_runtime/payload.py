"""Freezes work into the exact bytes of a request, made by the client's own sampler. Needs qiskit to do it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from backends.circuits.options import CircuitOptions
from backends.circuits.pubs import load_values, parameter_sets
from backends.ibm_runtime.isa import Isa, Place, transpile_batch
from backends.ibm_runtime.neutral import neutral
from escalation.model.blob import Blob
from escalation.model.errors import BackendError, BadInput
from escalation.model.identity import canonical_json, derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.submission import Payload

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from backends.ibm_runtime.connection import Connection
    from backends.ibm_runtime.live import LiveDevice
    from escalation.model.calibration import Calibration

PROGRAM = "executor"


@dataclass(frozen=True)
class Sent:
    """A pub of the work as it is sent.

    Attributes:
        isa: its circuit in the device's instruction set, under neutral names.
        number: which pub of the work it belongs to.
        rows: parameter sets, as many as are asked for; without parameters there is one a pub.
        shots: executions of each that the device makes: with twirling some more than were asked for.
    """

    isa: Isa
    circuit: "QuantumCircuit"
    number: int
    rows: Any
    shots: int

    @property
    def executions(self) -> int:
        """Shots over all parameter sets."""
        return len(self.rows) * self.shots


def lay_out(work: CircuitBatch, found: "Calibration") -> list[Sent]:
    """Transpiles a batch for a device, and says what of it is sent as which pub.

    All parameter sets of a circuit go in one pub. A circuit without parameters that is wanted several times
    goes as several pubs, as a pub without parameters is one set.

    Raises:
        BadInput: when the work does not fit the device, or is not for IBM's sampler.
    """
    options = CircuitOptions.parse(work.options)
    wanted = sorted({pub.shots for pub in work.pubs})
    if len(wanted) != 1:
        raise BadInput(f"IBM's sampler takes the same shots for all pubs of a job, got {wanted}")
    place, seed = Place.live(found), derive_seed(work.seed, "transpiler")
    shots = executed_shots(wanted[0], options.twirling)
    sent: list[Sent] = []
    laid_out = transpile_batch(place, work.pubs, options.optimization_level, seed)
    for number, (pub, isa) in enumerate(zip(work.pubs, laid_out, strict=True)):
        circuit = neutral(isa.circuit, pub.parameter_names, number)
        clean = Isa(circuit, isa.qubits, isa.entanglers, isa.simulation_log2)
        sent += [Sent(clean, circuit, number, rows, shots) for rows in _parts(pub)]
    return sent


def _parts(pub: Pub) -> Iterable[Any]:
    rows = load_values(pub)
    return [rows] if pub.parameter_names else [rows[k : k + 1] for k in range(len(rows))]


def executed_shots(shots: int, twirling: bool) -> int:
    """Returns the shots that are run a set: with twirling, whole randomisations of equal size."""
    if not twirling:
        return shots
    from qiskit_ibm_runtime.executor.calculate_twirling_shots import calculate_twirling_shots

    randomisations, each = calculate_twirling_shots(shots, "auto", "auto")
    return int(randomisations * each)


def sampler_options(work: CircuitBatch, tag: str, cap_qpu_s: float) -> dict[str, Any]:
    """Returns the options for the client's sampler."""
    options = CircuitOptions.parse(work.options)
    decoupling: dict[str, Any] = {"enable": options.dynamical_decoupling is not None}
    if options.dynamical_decoupling is not None:
        decoupling["sequence_type"] = options.dynamical_decoupling
    return {
        "max_execution_time": ceil(cap_qpu_s),
        "environment": {"job_tags": [tag]},
        "twirling": {"enable_gates": options.twirling, "enable_measure": options.twirling},
        "dynamical_decoupling": decoupling,
    }


def freeze(
    live: "LiveDevice",
    work: CircuitBatch,
    sent: Sequence[Sent],
    found: "Calibration",
    options: dict[str, Any],
) -> Payload:
    """Has the client's own `Sampler` make the request of a job, takes its body, and sends nothing.

    Raises:
        BackendError: when the client makes none, or something else than was asked for.
    """
    from qiskit_ibm_runtime.executor_sampler import Sampler

    pubs, backend = [_pub(each, work.pubs[each.number]) for each in sent], live.backend
    made = live.connection.capture(lambda: Sampler(mode=tray(backend), options=options).run(pubs))
    body = json.loads(made)
    _check(body, backend.name, options)
    return Payload(
        body=Blob(canonical_json(body)),
        device=backend.name,
        circuits=sum(len(each.rows) for each in sent),
        shots=sum(each.executions for each in sent),
        isa=tuple(each.isa.digest for each in sent),
        calibration=found.digest,
        account={"instance": live.connection.account.instance},
    )


def _pub(sent: Sent, pub: Pub) -> Any:
    names = tuple(f"p{place}" for place in range(len(pub.parameter_names)))
    return parameter_sets(sent.circuit, names, sent.rows, pub.shots)


def tray(backend: Any) -> Any:
    """Returns a batch of the client that is not opened at the service: what runs in it has no batch yet."""
    from qiskit_ibm_runtime import Batch

    class Tray(Batch):  # type: ignore[misc]  # the client ships no types
        """Makes the request at once; the service's own `_run` first asks for usage and status."""

        def _run(self, program_id: str, inputs: dict[str, Any], options: dict[str, Any], **_: Any) -> None:
            backend.service._active_api_client.program_run(
                program_id=program_id,
                backend_name=backend.name,
                params=inputs,
                image=options.get("image"),
                log_level=options.get("log_level"),
                session_id=None,
                job_tags=options.get("job_tags"),
                max_execution_time=options.get("max_execution_time"),
                private=options.get("private", False),
            )

    return Tray(backend, create_new=False)


def post(connection: "Connection", payload: Payload, batch: str) -> None:
    """Has the client POST a frozen request into a batch; runs under an order, which lets only that out."""
    body = json.loads(payload.body.data)
    connection.client.program_run(
        program_id=body["program_id"],
        backend_name=body["backend"],
        params=body["params"],
        image=body.get("runtime"),
        log_level=body.get("log_level"),
        session_id=batch,
        job_tags=body["tags"],
        max_execution_time=body["cost"],
        private=body.get("private", False),
        calibration_id=body.get("calibration_id"),
    )


def _check(body: dict[str, Any], device: str, options: dict[str, Any]) -> None:
    """Checks that the client made of the options what they say: device, tag, cap; and no session yet."""
    made = {name: body.get(name) for name in ("program_id", "backend", "tags", "cost", "session_id")}
    wanted = {
        "program_id": PROGRAM,
        "backend": device,
        "tags": options["environment"]["job_tags"],
        "cost": options["max_execution_time"],
        "session_id": None,
    }
    if made != wanted:
        raise BackendError(f"expected a request of {wanted}, IBM's client made {made}")
