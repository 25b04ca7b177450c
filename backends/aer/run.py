"""What the warm worker runs for the ideal simulator."""

from collections.abc import Mapping
from typing import Any

from backends.aer import memory
from backends.circuits.options import CircuitOptions
from backends.circuits.pictures import Amplitudes
from backends.circuits.pubs import Sampler, bits_of, count_sets, load_circuit, pack, parameter_sets
from backends.circuits.size import entanglers, simulation_log2, two_qubit_depth
from backends.circuits.together import Sampled, described, sample_pubs
from backends.circuits.versions import versions
from escalation.model.amounts import Bounds
from escalation.model.identity import derive_seed
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.circuits import AnyPub, Circuits
from escalation.model.kinds.expectation_batch import EstimatorPub
from escalation.model.quote import Quote
from escalation.model.report import Report
from escalation.model.result import RawResult

# seconds an amplitude and gate: three times the 9e-9 of one run (21 qubits, 185 operations, one thread, on a
# shared machine); seconds a parameter set: a guess on the high side
AMPLITUDE_GATE_S = 3e-8
SET_S = 1e-2
# seconds an entry of a tableau and gate or shot's qubit: three times the 1.1e-10 of GHZ states of 300 and 600
# qubits with 1,000 shots on one thread
TABLEAU_S = 4e-10
START_S = 10.0


def sample(work: CircuitBatch, context: Mapping[str, Any], report: Report) -> RawResult:
    """Samples every pub without noise."""
    CircuitOptions.parse(work.options)
    sampler = _sampler(work.resources.threads)
    pubs = [
        Sampled(load_circuit(pub), pub, derive_seed(work.seed, "pub", number))
        for number, pub in enumerate(work.pubs)
    ]
    samples, together = sample_pubs(pubs, Amplitudes(), lambda number: sampler, report)
    widths = [pub.circuit.num_clbits for pub in pubs]
    about = provenance(work) | described(together)
    return RawResult(JobState.DONE, **pack(work, samples, widths), provenance=about)


def provenance(work: Circuits[Any]) -> dict[str, Any]:
    """Says where and how a batch ran; raises `BadInput` on options that have no meaning."""
    options = CircuitOptions.parse(work.options)
    return {
        "device": "aer",
        "kind": "ideal simulator",
        "simulator_method": "automatic",
        "seed": work.seed,
        "threads": work.resources.threads,
        "options": {"requested": vars(options), "applied": {}, "why": "no noise, and nothing to compile for"},
        "versions": versions(),
    }


def _sampler(threads: int) -> Sampler:
    from qiskit_aer import AerSimulator
    from qiskit_aer.primitives import SamplerV2

    simulator = AerSimulator(method="automatic", max_parallel_threads=threads)

    def run(circuit: Any, names: tuple[str, ...], rows: Any, shots: int, seed: int) -> Any:
        job = SamplerV2.from_backend(simulator, seed=seed).run([parameter_sets(circuit, names, rows, shots)])
        return bits_of(circuit, job.result()[0])

    return run


def quote(work: Circuits[Any], context: Mapping[str, Any], report: Report) -> RawResult:
    """Bounds the batch from its circuits, without running them; the fidelity is 1 by definition."""
    CircuitOptions.parse(work.options)
    total = Quote(amounts=Bounds(wall_s=START_S, cpu_s=START_S), expected_fidelity=1.0)
    for pub in work.pubs:
        total += _quote(pub)
    return RawResult(JobState.DONE, values={"quote": total.to_json()})


def _quote(pub: AnyPub) -> Quote:
    circuit, asked = load_circuit(pub), pub.demand()
    gates, sets, n = entanglers(circuit), count_sets(pub), circuit.num_qubits
    terms = sum(map(len, pub.observables)) if isinstance(pub, EstimatorPub) else 0
    read = terms or pub.shots * n
    work = TABLEAU_S * n**2 * (circuit.size() + read)
    if not memory.as_tableau(circuit):
        memory.check(n)
        work = AMPLITUDE_GATE_S * 2.0**n * (circuit.size() + terms)
    wall_s = sets * (SET_S + work)
    return Quote(
        amounts=Bounds(wall_s=wall_s, cpu_s=wall_s),
        circuits=asked.circuits,
        shots=asked.shots,
        qubits=n,
        two_qubit_gates=len(gates),
        two_qubit_depth=two_qubit_depth(gates),
        expected_fidelity=1.0,
        simulation_log2=simulation_log2(n, gates),
    )
