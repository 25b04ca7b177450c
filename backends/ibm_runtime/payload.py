"""Freezes work into the exact bytes of a request, made by the client's own primitives. Needs qiskit."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from backends.circuits.options import CircuitOptions
from backends.circuits.pubs import load_values, parameter_sets
from backends.ibm_runtime.anonymised import anonymised
from backends.ibm_runtime.transpilation import CalibratedTarget, IsaCircuit, transpile_batch
from escalation.model.blob import Blob
from escalation.model.errors import BackendError, BadInput
from escalation.model.identity import canonical_json, derive_seed
from escalation.model.kinds.circuits import AnyPub, Circuits
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.pauli import Observable
from escalation.model.submission import Payload

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from backends.ibm_runtime.connection import Connection
    from backends.ibm_runtime.remote_device import RemoteDevice
    from escalation.model.calibration import Calibration

PROGRAM = "executor"


@dataclass(frozen=True)
class Sent:
    """A pub of the work as it is sent.

    Attributes:
        isa: its circuit in the device's instruction set, anonymised.
        number: which pub of the work it belongs to.
        rows: parameter sets, as many as are asked for; without parameters there is one a pub.
        shots: executions of each that the device makes: with twirling some more than were asked for.
        observables: what is estimated, on the device's qubits; empty where the circuit is sampled.
        bases: how many settings the client measures them in.
    """

    isa: IsaCircuit
    circuit: "QuantumCircuit"
    number: int
    rows: Any
    shots: int
    observables: tuple[Observable, ...] = ()
    bases: int = 1

    @property
    def circuits(self) -> int:
        """Parameter sets, each in every basis."""
        return len(self.rows) * self.bases

    @property
    def executions(self) -> int:
        """Shots over all of them."""
        return self.circuits * self.shots


def lay_out(work: Circuits[Any], calibration: "Calibration") -> list[Sent]:
    """Transpiles a batch for a device, and says what of it is sent as which pub.

    All parameter sets of a circuit go in one pub. A circuit without parameters that is wanted several times
    goes as several pubs, as a pub without parameters is one set.

    Raises:
        BadInput: when the work does not fit the device, or is not for IBM's primitives.
    """
    options = CircuitOptions.parse(work.options)
    wanted = sorted({pub.shots for pub in work.pubs})
    if len(wanted) != 1:
        raise BadInput(f"IBM's client takes the same shots for all pubs of a job, got {wanted}")
    place, seed = CalibratedTarget.live(calibration), derive_seed(work.seed, "transpiler")
    shots = executed_shots(wanted[0], options.twirling)
    sent: list[Sent] = []
    laid_out = transpile_batch(place, work.pubs, options.optimization_level, seed)
    for number, (pub, isa) in enumerate(zip(work.pubs, laid_out, strict=True)):
        circuit = anonymised(isa.circuit, pub.parameter_names, number)
        clean = IsaCircuit(circuit, isa.qubits, isa.entanglers, isa.simulation_log2)
        observables = _observed(pub, isa)
        bases = _bases(observables)
        sent += [Sent(clean, circuit, number, rows, shots, observables, bases) for rows in _parts(pub)]
    return sent


def _observed(pub: AnyPub, isa: IsaCircuit) -> tuple[Observable, ...]:
    return tuple(map(isa.observable, pub.observables)) if isinstance(pub, EstimatorPub) else ()


def _bases(observables: Sequence[Observable]) -> int:
    """Counts the groups that the client measures together, in the order in which it looks at the strings."""
    from qiskit.primitives.containers.observables_array import ObservablesArray
    from qiskit.quantum_info import PauliList

    if not observables:
        return 1
    array: Any = ObservablesArray([dict(terms) for terms in observables])
    labels = list(dict.fromkeys(label for number in range(len(observables)) for label in array[number]))
    return len(PauliList(labels).group_commuting(qubit_wise=True))


def _parts(pub: AnyPub) -> Iterable[Any]:
    rows = load_values(pub)
    return [rows] if pub.parameter_names else [rows[k : k + 1] for k in range(len(rows))]


def executed_shots(shots: int, twirling: bool) -> int:
    """Returns the shots that are run a set: with twirling, whole randomisations of equal size."""
    if not twirling:
        return shots
    from qiskit_ibm_runtime.executor.calculate_twirling_shots import calculate_twirling_shots

    randomisations, shots_per_randomisation = calculate_twirling_shots(shots, "auto", "auto")
    return int(randomisations * shots_per_randomisation)


def client_options(work: Circuits[Any], tag: str, cap_qpu_s: float) -> dict[str, Any]:
    """Returns the options for the client's sampler or estimator; the latter mitigates nothing by itself."""
    options = CircuitOptions.parse(work.options)
    decoupling: dict[str, Any] = {"enable": options.dynamical_decoupling is not None}
    if options.dynamical_decoupling is not None:
        decoupling["sequence_type"] = options.dynamical_decoupling
    estimating = {"resilience_level": 0} if isinstance(work, ExpectationBatch) else {}
    return {
        **estimating,
        "max_execution_time": ceil(cap_qpu_s),
        "environment": {"job_tags": [tag]},
        "twirling": {"enable_gates": options.twirling, "enable_measure": options.twirling},
        "dynamical_decoupling": decoupling,
    }


def freeze(
    device: "RemoteDevice",
    work: Circuits[Any],
    sent: Sequence[Sent],
    calibration: "Calibration",
    options: dict[str, Any],
) -> Payload:
    """Has the client's own `Sampler` or `Estimator` make a job's request, takes its body, and sends nothing.

    Raises:
        BackendError: when the client makes none, or something else than was asked for.
    """
    pubs, backend = [_pub(sent_pub, work.pubs[sent_pub.number]) for sent_pub in sent], device.backend
    client = _client(work)
    made = device.connection.capture(lambda: client(mode=unopened_batch(backend), options=options).run(pubs))
    body = json.loads(made)
    _check(body, backend.name, options)
    _check_observed(body, sent)
    return Payload(
        body=Blob(canonical_json(body)),
        device=backend.name,
        circuits=sum(sent_pub.circuits for sent_pub in sent),
        shots=sum(sent_pub.executions for sent_pub in sent),
        isa=tuple(sent_pub.isa.digest for sent_pub in sent),
        calibration=calibration.digest,
        account={"instance": device.connection.account.instance},
    )


def _client(work: Circuits[Any]) -> Any:
    if isinstance(work, ExpectationBatch):
        from qiskit_ibm_runtime.executor_estimator import Estimator

        return Estimator
    from qiskit_ibm_runtime.executor_sampler import Sampler

    return Sampler


def _pub(sent: Sent, pub: Any) -> Any:
    names = tuple(f"p{place}" for place in range(len(pub.parameter_names)))
    if not sent.observables:
        return parameter_sets(sent.circuit, names, sent.rows, pub.shots)
    values = {names: sent.rows[:, None, :]} if names else None  # every set with every observable
    unmeasured = sent.circuit.remove_final_measurements(inplace=False)
    return (unmeasured, [dict(terms) for terms in sent.observables], values, pub.precision)


def unopened_batch(backend: Any) -> Any:
    """Returns a batch of the client that is not opened at the service: what runs in it has no batch yet."""
    from qiskit_ibm_runtime import Batch

    class UnopenedBatch(Batch):  # type: ignore[misc]  # the client ships no types
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

    return UnopenedBatch(backend, create_new=False)


def post(connection: "Connection", payload: Payload, batch: str) -> None:
    """Has the client POST a frozen request into a batch; runs under a permit, which lets only that out."""
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


def _check_observed(body: dict[str, Any], sent: Sequence[Sent]) -> None:
    """Checks that the client asks for our observables, in as many executions as were priced."""
    observing = [sent_pub for sent_pub in sent if sent_pub.observables]
    tasks = (body["params"]["quantum_program"].get("passthrough_data") or {}).get("qiskit_mitigation", [])
    made = [(task["observables"], len(task["param_basis_pairs"])) for task in tasks]
    wanted = [
        ([_nonzero(terms) for terms in sent_pub.observables], sent_pub.circuits) for sent_pub in observing
    ]
    if [
        ([_nonzero(terms) for terms in _listed(observables)], count) for observables, count in made
    ] != wanted:
        raise BackendError(
            f"expected a request for the observables of {len(observing)} circuits in "
            f"{[count for _, count in wanted]} executions, IBM's client made one of {len(made)} in "
            f"{[count for _, count in made]}"
        )


def _listed(observables: Any) -> list[Any]:
    """The client writes a single observable without its list."""
    return observables if isinstance(observables, list) else [observables]


def _nonzero(terms: Observable) -> dict[str, float]:
    return {label: weight for label, weight in terms.items() if weight}
