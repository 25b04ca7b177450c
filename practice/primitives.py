"""The programs `sampler` and `estimator`: what the top-level SamplerV2 and EstimatorV2 send. Needs qiskit."""

import json
from collections.abc import Callable
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from practice.circuits import narrowed, touched
from practice.errors import UnusableJob
from practice.noise import simulator

if TYPE_CHECKING:
    from practice.bench import SimulationBench

Answer = tuple[dict[str, Any], tuple[tuple[int, ...], ...]]
DEFAULT_SHOTS = 4096
DEFAULT_PRECISION = 0.015625


def run_sampler(body: bytes, bench: "SimulationBench") -> Answer:
    """Samples every pub; returns the result in the encoding of the client."""
    from qiskit.primitives.containers import PrimitiveResult

    params = _params(body)
    options = _options(params, bench)
    shots = options.get("default_shots") or DEFAULT_SHOTS
    pubs = [_sample(pub, shots, bench) for pub in params["pubs"]]
    return _encoded(PrimitiveResult(pubs, metadata={"version": 2})), ()


def run_estimator(body: bytes, bench: "SimulationBench") -> Answer:
    """Estimates every pub to its precision; returns the result in the encoding of the client."""
    from qiskit.primitives.containers import PrimitiveResult

    params = _params(body)
    options = _options(params, bench)
    shots = options.get("default_shots")
    precision = 1 / np.sqrt(shots) if shots else options.get("default_precision") or DEFAULT_PRECISION
    pubs = [_estimate(pub, precision, bench) for pub in params["pubs"]]
    return _encoded(PrimitiveResult(pubs, metadata={"version": 2})), ()


def _params(body: bytes) -> dict[str, Any]:
    from qiskit_ibm_runtime.json import RuntimeDecoder

    params: dict[str, Any] = json.loads(body, cls=RuntimeDecoder)["params"]
    return params


def _options(params: dict[str, Any], bench: "SimulationBench") -> dict[str, Any]:
    options = params.get("options") or {}
    bench.delay_s = (options.get("execution") or {}).get("rep_delay") or bench.delay_s
    return dict(options)


def _encoded(result: Any) -> dict[str, Any]:
    from qiskit_ibm_runtime.json import RuntimeEncoder

    encoded: dict[str, Any] = json.loads(json.dumps(result, cls=RuntimeEncoder))
    return encoded


def _sample(pub: Any, default_shots: int, bench: "SimulationBench") -> Any:
    from qiskit.primitives.containers import BitArray, DataBin, SamplerPubResult

    circuit, values, shots = [*pub, None, None][:3]
    values = _values(circuit, values)
    samples = bench.sample(circuit, values, shots or default_shots)
    arrays = {name: BitArray.from_bool_array(bits, order="little") for name, bits in samples.items()}
    return SamplerPubResult(DataBin(**arrays, shape=values.shape[:-1]), {"circuit_metadata": {}})


def _estimate(pub: Any, default_precision: float, bench: "SimulationBench") -> Any:
    from qiskit.primitives import BackendEstimatorV2
    from qiskit.primitives.containers.observables_array import ObservablesArray

    circuit, observables, values, precision = [*pub, None, None][:4]
    values, precision = _values(circuit, values), precision or default_precision
    array = ObservablesArray(observables)
    sets = prod(np.broadcast_shapes(array.shape, values.shape[:-1]))
    bench.count(circuit, ceil(1 / precision**2) * sets)
    qubits = tuple(sorted(touched(circuit) | _support(array))) or (0,)
    if len(qubits) > bench.place.max_qubits:
        raise UnusableJob(f"practice simulates at most {bench.place.max_qubits} qubits, got {len(qubits)}")
    cut = _each(array, lambda one: _cut(one, qubits))
    place = bench.place
    backend = simulator(place.device, qubits, place.factor, place.noise)
    estimator = BackendEstimatorV2(backend=backend, options={"seed_simulator": place.seed})
    bound = (narrowed(circuit, qubits), cut, values if circuit.parameters else None, precision)
    return estimator.run([bound]).result()[0]


def _each(observables: Any, change: Callable[[dict[str, float]], dict[str, float]]) -> Any:
    """Returns nested lists of the changed observables, in the array's shape."""
    changed = np.empty(observables.shape, dtype=object)
    for index in np.ndindex(observables.shape):
        changed[index] = change(observables[index])
    return changed.tolist()


def _values(circuit: Any, values: Any) -> Any:
    """Returns the parameter values, shape (…, parameters)."""
    width = len(circuit.parameters)
    array = np.asarray([] if values is None else values, dtype=float)
    return array.reshape(*array.shape[:-1], width) if width else array.reshape((*array.shape[:-1], 0))


def _support(observables: Any) -> set[int]:
    """The qubits that any observable acts on."""
    return {
        index
        for where in np.ndindex(observables.shape)
        for pauli in observables[where]
        for index, letter in enumerate(reversed(pauli))
        if letter != "I"
    }


def _cut(observable: dict[str, float], qubits: tuple[int, ...]) -> dict[str, float]:
    """Returns the observable over those qubits; letters are written from the last qubit to the first."""
    return {
        "".join(reversed([pauli[-1 - qubit] for qubit in qubits])): weight
        for pauli, weight in observable.items()
    }
