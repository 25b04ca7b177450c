"""What cutting the qubits in use out of a device saves, and what a warm quantum call costs.

    python -m bench.rehearsal [--repeats 3] [--rows 200] [--device fake_boston]

Method. All in one run, on one machine, one after the other:

1. One projected-kernel-like circuit of 8 qubits (two layers of rotations and exponentials of ZZ along a
   line), one parameter set, 1,024 shots, the same ISA circuit for both: the client's sampler in its plain
   local mode on the snapshot of the whole device, against our backend from `submit` to `result`. Each is
   called once before it is timed (imports, transpilation, the snapshot's files), then `--repeats` times;
   medians.
2. `--rows` parameter sets of that circuit in three measurement bases, one batch, ours, one and two threads.
3. A Bell circuit, 1,024 shots, ideal: our backend from `submit` to `result` against Aer's own sampler called
   in this process; the difference of the medians is what the job folder and the warm process add.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from backends.circuits.versions import versions
from backends.ibm_runtime.descriptor import DESCRIPTOR
from escalation.model.blob import Blob
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.resources import Resources
from escalation.ports.configuration import settings
from escalation.ports.registry import backend_descriptor

QUBITS = 8
SHOTS = 1024
BASES = {"x": "h q[{0}];", "y": "sdg q[{0}]; h q[{0}];", "z": ""}
BELL = """OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
qubit[2] q;
h q[0];
cx q[0], q[1];
c = measure q;
"""


def feature_map(basis: str) -> str:
    """Returns the circuit of the comparison as OpenQASM 3, measured in one basis."""
    wires, names = range(QUBITS), [f"x_{k}" for k in range(QUBITS)]
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *(f"input float[64] {name};" for name in names)]
    lines += [f"bit[{QUBITS}] c;", f"qubit[{QUBITS}] q;"]
    for _ in range(2):
        lines += [f"ry(x_{k}) q[{k}]; rz(x_{k}) q[{k}];" for k in wires]
        for k in wires[:-1]:
            cx = f"cx q[{k}], q[{k + 1}];"
            lines += [cx, f"rz(x_{k}*x_{k + 1}) q[{k + 1}];", cx]
    return "\n".join([*lines, *(BASES[basis].format(k) for k in wires), "c = measure q;"])


def pub(basis: str, rows: int) -> Pub:
    """Returns a pub of the comparison with that many parameter sets."""
    buffer = BytesIO()
    np.save(buffer, np.random.default_rng(0).uniform(0.0, 2.0, (rows, QUBITS)))
    return Pub(feature_map(basis), Blob(buffer.getvalue()), tuple(f"x_{k}" for k in range(QUBITS)), SHOTS)


def timed(call: Callable[[], object], repeats: int) -> float:
    """Calls once to warm up, then returns the median seconds of the repeats."""
    call()
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return median(took)


def run(backend: Any, work: CircuitBatch) -> None:
    """Carries a batch through a backend, from `submit` to `result`."""
    with TemporaryDirectory() as folder:
        handle = backend.submit(work, Path(folder))
        backend.wait(handle, work.resources.wall_s)
        result = backend.result(handle)
    if not result.ok:
        raise SystemExit(f"{backend.name} failed: {result.error}")


def plain_local_mode(device: str, work: CircuitBatch) -> Callable[[], object]:
    """Returns the client's local mode on the whole snapshot, for the same ISA circuit."""
    from qiskit_ibm_runtime.executor_sampler import Sampler

    from backends.circuits.pubs import load_values
    from backends.ibm_runtime.subdevice import snapshot_backend
    from backends.ibm_runtime.transpilation import transpile_pub

    one, whole = work.pubs[0], snapshot_backend(device)
    isa = transpile_pub(device, one, 2, derive_seed(work.seed, "transpiler")).circuit
    client = Sampler(mode=whole, options={"simulator": {"seed_simulator": work.seed}})
    sets = {one.parameter_names: load_values(one)}
    return lambda: client.run([(isa, sets, SHOTS)]).result()


def direct_aer() -> Callable[[], object]:
    """Returns Aer's own sampler on the Bell circuit."""
    from qiskit import qasm3
    from qiskit_aer.primitives import SamplerV2

    sampler, circuit = SamplerV2(seed=1), qasm3.loads(BELL)
    return lambda: sampler.run([(circuit, None, SHOTS)]).result()


def opened(spec: str) -> Any:
    """Returns the backend that a policy would name so."""
    descriptor, device = backend_descriptor(spec)
    return descriptor.open(settings(), device)


def say(what: str, seconds: float, note: str = "") -> None:
    """Prints one measurement."""
    print(f"{what:<64}{seconds:>10.3f} s  {note}", flush=True)


def compare_local_mode(device: str, repeats: int) -> None:
    """Measures 1."""
    work = CircuitBatch((pub("z", 1),))
    backend = opened(f"ibm_runtime:{device}")
    try:
        ours = timed(lambda: run(backend, work), repeats)
    finally:
        backend.close()
    theirs = timed(plain_local_mode(device, work), repeats)
    say(f"{QUBITS} qubits × {SHOTS} shots, client's plain local mode", theirs)
    say(f"{QUBITS} qubits × {SHOTS} shots, qubits in use only", ours, f"{theirs / ours:.0f}× faster")


def measure_kernel(device: str, rows: int) -> None:
    """Measures 2; once per number of threads, as it is long."""
    backend = opened(f"ibm_runtime:{device}")
    try:
        for threads in (1, 2):
            run(backend, CircuitBatch((pub("z", 1),), resources=Resources(threads=threads)))
            work = CircuitBatch(tuple(pub(b, rows) for b in BASES), resources=Resources(threads=threads))
            start = time.perf_counter()
            run(backend, work)
            took = time.perf_counter() - start
            say(f"{rows} rows × 3 bases of a projected kernel, threads: {threads}", took)
    finally:
        backend.close()


def measure_overhead(repeats: int) -> None:
    """Measures 3."""
    buffer = BytesIO()
    np.save(buffer, np.zeros((1, 0)))
    work = CircuitBatch((Pub(BELL, Blob(buffer.getvalue()), (), SHOTS),))
    backend = opened("aer")
    try:
        ours = timed(lambda: run(backend, work), repeats)
    finally:
        backend.close()
    direct = timed(direct_aer(), repeats)
    say("Bell circuit, Aer called directly", direct)
    say("Bell circuit, warm call through the backend", ours, f"adds {ours - direct:.3f} s")


def main() -> None:
    """Prints the machine, the versions and the three comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--device", default="fake_boston")
    options = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.platform()}, {os.cpu_count()} processors, load {load}")
    print(", ".join(f"{name} {version}" for name, version in versions(*DESCRIPTOR.packages).items()))
    measure_overhead(5 * options.repeats)
    compare_local_mode(options.device, options.repeats)
    measure_kernel(options.device, options.rows)


if __name__ == "__main__":
    main()
