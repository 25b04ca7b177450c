"""What the warm worker runs: reads a batch's circuits, and returns the program and what it needs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from backends.circuits.expectations import SHOT_NOISE, about
from backends.circuits.options import CircuitOptions
from backends.circuits.pubs import count_sets, load_circuit, load_values, npy_bytes
from backends.circuits.size import entanglers, simulation_log2, two_qubit_depth
from backends.circuits.versions import versions
from backends.statevector_mpi.circuit import Planned, planned
from backends.statevector_mpi.gpu.needs import gpu_mb, gpu_needs, holds
from backends.statevector_mpi.needs import MOST_QUBITS, Needs, holds_log2, memory_mb, needs, ranks_for
from escalation.model.amounts import Bounds
from escalation.model.blob import Blob
from escalation.model.errors import BadInput
from escalation.model.identity import derive_seed
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import Pub
from escalation.model.kinds.circuits import AnyPub, Circuits
from escalation.model.kinds.expectation_batch import EstimatorPub
from escalation.model.quote import Quote
from escalation.model.report import Report
from escalation.model.result import RawResult

DRAW_BYTES = 64
"""That a draw takes on a rank while it is looked up."""


def plan(work: Circuits[Any], context: Mapping[str, Any], report: Report) -> RawResult:
    """Plans a batch.

    Args:
        work: a batch.
        context: `device`; `ranks` of the site, and `memory_mb` that all of them may take, None for no limit
            but the machine's own; for a GPU also `gpu_mb`, its memory, and `gpus` to ask the machine for.
        report: not told of anything.

    Returns:
        Values `quote`, `pubs` (see `program.run`), `resources` and `about`; files `numbers-K`.

    Raises:
        BadInput: on circuits that cannot be run here, or do not fit.
    """
    CircuitOptions.parse(work.options)
    circuits = [load_circuit(pub) for pub in work.pubs]
    widest = max(circuit.num_qubits for circuit in circuits)
    if widest > MOST_QUBITS:
        raise BadInput(
            f"expected at most {MOST_QUBITS} qubits, got {widest}, whose amplitudes no machine holds; take "
            "fewer qubits or a quantum device, or aer where all gates are Clifford gates"
        )
    on_gpu = "gpu_mb" in context
    ranks = 1 if on_gpu else ranks_for(widest, work.resources.ranks, context["ranks"])
    if on_gpu:
        _check_gpu(widest, work.resources.ranks, context["gpu_mb"])
    else:
        _check_memory(widest, ranks, memory_mb(widest, ranks), context["memory_mb"])
    plans = [
        planned(circuit, pub.parameter_names, load_values(pub))
        for circuit, pub in zip(circuits, work.pubs, strict=True)
    ]
    sets, strings = [count_sets(pub) for pub in work.pubs], [_strings(pub) for pub in work.pubs]
    kept = sum(_kept_bytes(pub, circuit, ranks) for pub, circuit in zip(work.pubs, circuits, strict=True))
    counted = [(each.plan, n) for each, n in zip(plans, sets, strict=True)]
    needed = gpu_needs(counted, strings, kept) if on_gpu else needs(counted, strings, ranks, kept)
    _check_memory(widest, ranks, needed.memory_mb, context["memory_mb"])
    encoded = [each.plan.encoded() for each in plans]
    pubs = [
        {
            "plan": passes,
            "sets": n,
            "seed": derive_seed(work.seed, "pub", number),
            **_asked(pub, each, circuit),
        }
        for number, ((passes, _), n, pub, each, circuit) in enumerate(
            zip(encoded, sets, work.pubs, plans, circuits, strict=True)
        )
    ]
    quote = sum(
        (_quoted(pub, circuit) for pub, circuit in zip(work.pubs, circuits, strict=True)),
        Quote(amounts=needed.bounds, expected_fidelity=1.0),
    )
    return RawResult(
        JobState.DONE,
        {
            "quote": quote.to_json(),
            "pubs": pubs,
            "resources": {
                "ranks": ranks,
                "memory_mb": max(needed.memory_mb, work.resources.memory_mb),
                "gpus": context.get("gpus", work.resources.gpus),
            },
            "about": _about(work, context["device"], needed),
        },
        {f"numbers-{number}": Blob(npy_bytes(numbers)) for number, (_, numbers) in enumerate(encoded)},
    )


def _check_memory(qubits: int, ranks: int, needed_mb: int, most_mb: int | None) -> None:
    if most_mb is not None and needed_mb > most_mb:
        raise BadInput(
            f"expected circuits that fit into {most_mb} MiB, as at most {int(holds_log2(most_mb, ranks))} "
            f"qubits do, got {qubits} qubits, which take {needed_mb} MiB on {ranks} ranks, samples included; "
            "take fewer qubits or shots, or state more memory, if there is any, in "
            "TIERWISE_STATEVECTOR_MEMORY_MB"
        )


def _check_gpu(qubits: int, ranks: int, most_mb: int) -> None:
    if ranks > 1:
        raise BadInput(f"expected work of one rank on a GPU, got {ranks}; leave `+gpu` out for ranks")
    if gpu_mb(qubits) > most_mb:
        raise BadInput(
            f"expected circuits that fit into the {most_mb} MiB of the GPU, as at most {holds(most_mb)} "
            f"qubits do, got {qubits} qubits, which take {gpu_mb(qubits)} MiB; take fewer qubits, or "
            "ranks in place of `+gpu`"
        )


def _kept_bytes(pub: AnyPub, circuit: Any, ranks: int) -> int:
    """Of the samples of a pub, where it has any, and of their drawing on every rank."""
    if isinstance(pub, EstimatorPub):
        return 0
    sample_bytes: int = -(-circuit.num_clbits // 8)
    return pub.shots * (pub.sets * sample_bytes + ranks * DRAW_BYTES)


def _asked(pub: AnyPub, each: Planned, circuit: Any) -> dict[str, Any]:
    """What is read of the state, and what the result's values say of it."""
    if isinstance(pub, EstimatorPub):
        observables = [dict(terms) for terms in pub.observables]
        asked = {"observables": observables, "precision": pub.precision, "wires": list(each.wires)}
        return asked | {"about": about(pub)}
    assert isinstance(pub, Pub)
    values = {"sets": count_sets(pub), "shots": pub.shots, "bits": circuit.num_clbits}
    return {"shots": pub.shots, "measured": [list(pair) for pair in each.measured.items()], "about": values}


def _strings(pub: AnyPub) -> int:
    return (
        len({label for terms in pub.observables for label in terms}) if isinstance(pub, EstimatorPub) else 1
    )


def _quoted(pub: AnyPub, circuit: Any) -> Quote:
    asked, gates = pub.demand(), entanglers(circuit)
    return Quote(
        amounts=Bounds(wall_s=0.0, cpu_s=0.0),
        circuits=asked.circuits,
        shots=asked.shots,
        qubits=circuit.num_qubits,
        two_qubit_gates=len(gates),
        two_qubit_depth=two_qubit_depth(gates),
        expected_fidelity=1.0,
        simulation_log2=simulation_log2(circuit.num_qubits, gates),
    )


def _about(work: Circuits[Any], device: str, needed: Needs) -> dict[str, Any]:
    """What the record says beside what the ranks say."""
    options = CircuitOptions.parse(work.options)
    return {
        "device": device,
        "kind": "ideal simulator",
        "simulator_method": f"state vector {needed.where}",
        "seed": work.seed,
        "shot_noise": SHOT_NOISE,
        "needs": asdict(needed),
        "options": {"requested": vars(options), "applied": {}, "why": "no noise, and nothing to compile for"},
        "versions": versions("numba", "llvmlite", "mpi4py", *(("numba-cuda",) if needed.gpu_mb else ())),
    }
