"""What the warm worker runs for a calibrated rehearsal: quote a batch, or sample it under noise."""

from collections.abc import Mapping
from typing import Any

from backends.circuits.expectations import from_samples
from backends.circuits.expectations import pack as pack_estimates
from backends.circuits.options import CircuitOptions
from backends.circuits.pictures import PauliVector
from backends.circuits.pubs import Bits, Sampler, bits_of, count_sets, pack, parameter_sets
from backends.circuits.size import two_qubit_depth
from backends.circuits.together import Sampled, described, sample_pubs
from backends.circuits.versions import versions
from backends.ibm_runtime import estimate, trajectories
from backends.ibm_runtime.bases import in_basis
from backends.ibm_runtime.calibration import calibration
from backends.ibm_runtime.channels import channels
from backends.ibm_runtime.descriptor import DESCRIPTOR
from backends.ibm_runtime.noise import simulation_method, simulator
from backends.ibm_runtime.transpilation import CalibratedTarget, IsaCircuit, transpile_batch
from escalation.model.amounts import Bounds
from escalation.model.blob import Blob
from escalation.model.calibration import Calibration
from escalation.model.identity import canonical_json, derive_seed, digest_json
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.circuits import AnyPub, Circuits
from escalation.model.kinds.expectation_batch import ExpectationBatch
from escalation.model.metered import CHARGED
from escalation.model.quote import Quote
from escalation.model.report import Report
from escalation.model.result import RawResult

# seconds a matrix element (an amplitude) and gate: about three times what 8 qubits took, one run on a shared
# machine; the matrix product state's and the set's are guesses on the high side, not measured
DENSITY_ELEMENT_GATE_S = 1e-8
TRAJECTORY_AMPLITUDE_GATE_S = 4e-8
MPS_GATE_S = 1e-4
# the same of a realisation of twirled noise, whose gates are fused
REALISED_AMPLITUDE_GATE_S = 4e-9
REALISED_MPS_GATE_S = 3e-3
SET_S = 0.02
START_S = 20.0

TWIRLING = (
    "two-qubit channels replaced by their Pauli twirls, the limit of many randomisations; readout errors are "
    "symmetric in this noise model already; from 11 qubits on one-qubit channels are twirled too"
)
DECOUPLING = "no effect in simulation: idle qubits have no noise in this model, so no sequence is inserted"


def quote(work: Circuits[Any], context: Mapping[str, Any], report: Report) -> RawResult:
    """Quotes a batch: `quote` is what the rehearsal needs, `hardware` what the real device would charge."""
    calibration, pubs = _transpiled(work, context)
    mine = Quote(amounts=Bounds(wall_s=START_S, cpu_s=START_S))
    for isa, pub in zip(pubs, work.pubs, strict=True):
        mine += _pub_quote(calibration, isa, pub, CircuitOptions.parse(work.options).twirling)
    values = {
        "quote": mine.to_json(),
        "hardware": _hardware(calibration, pubs, work, mine, context).to_json(),
    }
    return RawResult(JobState.DONE, values=values)


def sample(work: CircuitBatch, context: Mapping[str, Any], report: Report) -> RawResult:
    """Samples every pub under the device's calibration, over the qubits in use."""
    options = CircuitOptions.parse(work.options)
    calibration, pubs = _transpiled(work, context)
    wanted = [
        _wanted(calibration, isa, isa.small, pub, (options, derive_seed(work.seed, "pub", number)))
        for number, (isa, pub) in enumerate(zip(pubs, work.pubs, strict=True))
    ]
    samples, together = _sampled(calibration, pubs, wanted, work, report)
    return RawResult(
        JobState.DONE,
        **pack(work, samples, [isa.circuit.num_clbits for isa in pubs]),
        provenance=_provenance(work, context, options, calibration, pubs) | described(together),
        evidence=_evidence(calibration, pubs),
    )


def estimate_values(work: ExpectationBatch, context: Mapping[str, Any], report: Report) -> RawResult:
    """Estimates every pub as the device would: from samples in each basis, under its calibration."""
    options = CircuitOptions.parse(work.options)
    calibration, pubs = _transpiled(work, context)
    asked = [
        (isa, pub, basis, derive_seed(work.seed, "pub", number, basis))
        for number, (isa, pub) in enumerate(zip(pubs, work.pubs, strict=True))
        for basis, _ in pub.bases
    ]
    wanted = [
        _wanted(calibration, isa, in_basis(isa.small, basis), pub, (options, seed))
        for isa, pub, basis, seed in asked
    ]
    samples, together = _sampled(calibration, [isa for isa, *_ in asked], wanted, work, report)
    left = iter(samples)
    values = [from_samples(pub, [next(left) for _ in pub.bases]) for pub in work.pubs]
    provenance = _provenance(work, context, options, calibration, pubs) | described(together)
    _observed(provenance, work, pubs)
    return RawResult(
        JobState.DONE,
        **pack_estimates(work, values),
        provenance=provenance,
        evidence=_evidence(calibration, pubs),
    )


def _wanted(
    calibration: Calibration, isa: IsaCircuit, circuit: Any, pub: AnyPub, how: tuple[CircuitOptions, int]
) -> Sampled:
    options, seed = how
    noise = channels(calibration.device, isa.qubits, options.twirling)
    return Sampled(circuit, pub, seed, noise.after, noise.misread)


def _sampled(
    calibration: Calibration,
    isas: list[IsaCircuit],
    wanted: list[Sampled],
    work: Circuits[Any],
    report: Report,
) -> tuple[list[Bits], list[list[int]]]:
    """Samples circuits, each over the qubits of the ISA circuit at its place."""
    twirling = CircuitOptions.parse(work.options).twirling
    return sample_pubs(
        wanted,
        PauliVector(),
        lambda number: _sampler(calibration.device, isas[number], twirling, work.resources.threads),
        report,
    )


def _observed(provenance: dict[str, Any], work: ExpectationBatch, pubs: list[IsaCircuit]) -> None:
    """Adds to the provenance of every circuit the observables as they are on the device's qubits."""
    for about, pub, isa in zip(provenance["circuits"], work.pubs, pubs, strict=True):
        about["bases"] = [basis for basis, _ in pub.bases]
        about["observables"] = digest_json(
            [dict(isa.observable(observable)) for observable in pub.observables]
        )


def _transpiled(work: Circuits[Any], context: Mapping[str, Any]) -> tuple[Calibration, list[IsaCircuit]]:
    device, options = context["device"], CircuitOptions.parse(work.options)
    seed = derive_seed(work.seed, "transpiler")
    pubs = transpile_batch(CalibratedTarget.snapshot(device), work.pubs, options.optimization_level, seed)
    return calibration(device), pubs


def _sampler(device: str, isa: IsaCircuit, twirling: bool, threads: int) -> Sampler:
    """Samples with the client's own sampler in its local mode, on a simulator of the qubits in use.

    Wide circuits under twirled noise go through `trajectories` instead.
    """
    if _realised(isa, twirling):
        how = trajectories.Noiseless(simulation_method(len(isa.qubits)), threads)
        return trajectories.sampler(device, isa.qubits, how)
    from qiskit_ibm_runtime.executor_sampler import Sampler as Client

    noisy = simulator(device, isa.qubits, twirling, threads)

    def run(circuit: Any, names: tuple[str, ...], rows: Any, shots: int, seed: int) -> Any:
        client = Client(mode=noisy, options={"simulator": {"seed_simulator": seed}})
        return bits_of(circuit, client.run([parameter_sets(circuit, names, rows, shots)]).result()[0])

    return run


def _realised(isa: IsaCircuit, twirling: bool) -> bool:
    return twirling and simulation_method(len(isa.qubits)) != "density_matrix"


def _pub_quote(calibration: Calibration, isa: IsaCircuit, pub: AnyPub, twirling: bool) -> Quote:
    count_sets(pub)
    asked = pub.demand()
    wall_s = asked.circuits * (SET_S + _set_s(isa, pub.shots, twirling))
    return Quote(
        amounts=Bounds(wall_s=wall_s, cpu_s=wall_s),
        circuits=asked.circuits,
        shots=asked.shots,
        qubits=len(isa.qubits),
        two_qubit_gates=len(isa.entanglers),
        two_qubit_depth=two_qubit_depth(isa.entanglers),
        expected_fidelity=estimate.expected_fidelity(calibration, isa),
        simulation_log2=isa.simulation_log2,
    )


def _set_s(isa: IsaCircuit, shots: int, twirling: bool) -> float:
    n, gates = len(isa.qubits), float(isa.circuit.size())
    if _realised(isa, twirling):
        realisations = -(-shots // trajectories.SHOTS_EACH)
        wide = simulation_method(n) == "matrix_product_state"
        return realisations * gates * (REALISED_MPS_GATE_S if wide else REALISED_AMPLITUDE_GATE_S * 2.0**n)
    costs = {
        "density_matrix": DENSITY_ELEMENT_GATE_S * 4.0**n * gates,
        "statevector": TRAJECTORY_AMPLITUDE_GATE_S * 2.0**n * gates * shots,
        "matrix_product_state": MPS_GATE_S * gates * shots,
    }
    return costs[simulation_method(n)]


def _hardware(
    calibration: Calibration,
    pubs: list[IsaCircuit],
    work: Circuits[Any],
    mine: Quote,
    context: Mapping[str, Any],
) -> Quote:
    executions = [pub.demand().shots for pub in work.pubs]
    lengths = [estimate.length_s(calibration, isa) for isa in pubs]
    seconds = estimate.qpu_s(calibration, zip(lengths, executions, strict=True))
    price = context["usd_per_qpu_s"]
    usd = None if seconds is None or price is None else seconds * price
    return mine.model_copy(update={"amounts": Bounds(wall_s=seconds or 0.0, qpu_s=seconds, usd=usd)})


def _provenance(
    work: Circuits[Any],
    context: Mapping[str, Any],
    options: CircuitOptions,
    calibration: Calibration,
    pubs: list[IsaCircuit],
) -> dict[str, Any]:
    hardware = _hardware(calibration, pubs, work, Quote(), context)
    return {
        "device": calibration.device,
        "kind": "calibrated rehearsal",
        "processor": calibration.processor,
        "calibration": calibration.digest,
        "calibrated_at": None if calibration.calibrated_at is None else calibration.calibrated_at.isoformat(),
        "seed": work.seed,
        "threads": work.resources.threads,
        "noise": "depolarising and relaxation a gate, readout errors; none on idle qubits, no crosstalk",
        "options": {
            "optimization_level": options.optimization_level,
            "twirling": {"requested": options.twirling, "applied": TWIRLING if options.twirling else None},
            "dynamical_decoupling": {
                "requested": options.dynamical_decoupling,
                "applied": None,
                "note": DECOUPLING if options.dynamical_decoupling else "",
            },
        },
        "fidelity_source": estimate.fidelity_source(calibration),
        "hardware_estimate": hardware.amounts.to_json(CHARGED),
        "circuits": [_circuit(calibration, isa, options.twirling) for isa in pubs],
        "versions": versions(*DESCRIPTOR.packages),
    }


def _circuit(calibration: Calibration, isa: IsaCircuit, twirling: bool) -> dict[str, Any]:
    return {
        "isa": isa.digest,
        "physical_qubits": list(isa.qubits),
        "simulator_method": simulation_method(len(isa.qubits)),
        "shots_a_noise_realisation": trajectories.SHOTS_EACH if _realised(isa, twirling) else 1,
        "two_qubit_gates": len(isa.entanglers),
        "two_qubit_depth": two_qubit_depth(isa.entanglers),
        "length_s": estimate.length_s(calibration, isa),
        "expected_fidelity": estimate.expected_fidelity(calibration, isa),
    }


def _evidence(calibration: Calibration, pubs: list[IsaCircuit]) -> dict[str, Blob]:
    evidence = {"calibration.json": Blob(canonical_json(calibration.to_json()))}
    for number, isa in enumerate(pubs):
        evidence[f"isa-{number}.qpy"] = Blob(isa.qpy)
        evidence[f"isa-{number}.qasm"] = Blob(isa.qasm3.encode())
        evidence[f"isa-{number}.txt"] = Blob(isa.drawing.encode())
    return evidence
