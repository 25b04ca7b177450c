"""The program `executor`: what the client's own Sampler and Estimator send since 0.50. Needs qiskit.

Parameters and results are those of ibm-quantum-schemas, executor v2.0; a samplex is drawn from as the
client's own local mode does.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from practice.errors import UnusableJob
from practice.noise import seed_of

if TYPE_CHECKING:
    from practice.bench import SimulationBench

VERSION = "v2.0"


def run(body: bytes, bench: "SimulationBench") -> tuple[dict[str, Any], tuple[tuple[int, ...], ...]]:
    """Returns the result without metadata, and the shape of every item."""
    from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

    params = json.loads(body)["params"]
    if params.get("schema_version") != VERSION:
        raise UnusableJob(f"expected executor parameters of {VERSION}, got {params.get('schema_version')}")
    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[VERSION]
    program, _ = converter.decoder(converter.model(**params))
    if program.meas_level != "classified":
        raise UnusableJob(f"practice measures bits (classified), got {program.meas_level}")
    bench.delay_s = params["options"].get("rep_delay") or bench.delay_s
    raw = params["quantum_program"]
    result = {
        "schema_version": VERSION,
        "data": [_item(program, item, number, bench) for number, item in enumerate(program.items)],
        "passthrough_data": raw["passthrough_data"],
        "semantic_role": raw["semantic_role"],
    }
    return result, tuple(tuple(item.shape) for item in program.items)


def _item(program: Any, item: Any, number: int, bench: "SimulationBench") -> dict[str, Any]:
    from ibm_quantum_schemas.common import CompressedTensorModel

    drawn = _drawn(item, seed_of(bench.place.seed, number))
    values = drawn.pop("parameter_values")
    arrays = {**drawn, **bench.sample(item.circuit, values, program.shots)}
    tensors = {name: CompressedTensorModel.from_numpy(array) for name, array in arrays.items()}
    return {
        "results": {name: tensor.model_dump(mode="json") for name, tensor in tensors.items()},
        "metadata": {},
    }


def _drawn(item: Any, seed: int) -> dict[str, Any]:
    """Returns the parameter values of every execution, and what else the samplex has drawn."""
    from qiskit_ibm_runtime.fake_provider.executor.broadcast_sample import broadcast_sample
    from samplomatic.quantum_program import CircuitItem

    if isinstance(item, CircuitItem):
        values = item.circuit_arguments
        return {"parameter_values": np.zeros((0,)) if values is None else np.asarray(values)}
    rng = np.random.default_rng(seed)
    return dict(broadcast_sample(item.samplex.finalize(), item.samplex_arguments, item.shape, rng))
