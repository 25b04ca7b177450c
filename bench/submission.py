"""What the protocol adds to one quantum call.

    python -m bench.submission [--repeats 15]

Method. A Bell pair, 64 shots, against one practice service in a process of its own, without noise. Side by
side in one run, in turn, each warm and connected, each transpiling the circuit anew:

1. bare: IBM's client, its newer sampler: `Sampler(mode=backend).run([isa]).result()`;
2. protocol: one piece of paid work by the whole protocol, from the intent to the settled bill: price, frozen
   payload, budget, batch, one POST, raw text to disk, calibrations, usage, a look for duplicates; a ledger
   and a store on disk, each call a case of its own, whose opening is not timed;
3. prefect-qiskit, where `python -m bench.fault_matrix.peers.environment` has made its environment: a flow run
   with one call of `QuantumRuntime.sampler`, against a Prefect server on this machine (started before, not
   timed). Its flow also makes the runtime block and gets the target each time, as its documentation shows.

One turn is not measured. Reported are medians, and ratios and differences to `bare`.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, cast

import practice
from backends.ibm_runtime.settings import IbmSettings
from bench.fault_matrix import work
from bench.fault_matrix.peers.__main__ import prefect_server
from bench.fault_matrix.peers.environment import HERE, PYTHON
from bench.machine import machine, row, seconds
from escalation.engine.performing import perform
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.case import WorkKey
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

_seeds = count()


def bare(service: practice.Practice) -> Callable[[], None]:
    """Connects IBM's client; returns one call of it."""
    from qiskit import QuantumCircuit
    from qiskit.transpiler import generate_preset_pass_manager
    from qiskit_ibm_runtime.executor_sampler import Sampler

    backend = practice.connect(service).backend(work.DEVICE)
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()

    def call() -> None:
        passes = generate_preset_pass_manager(
            optimization_level=1, backend=backend, seed_transpiler=next(_seeds)
        )
        result = Sampler(mode=backend).run([passes.run(circuit)], shots=work.SHOTS).result()
        assert sum(result[0].data.meas.get_counts().values()) == work.SHOTS

    return call


@contextmanager
def protocol(service: practice.Practice, home: Path) -> Iterator[Callable[[], float]]:
    """Connects the backend; yields one piece of paid work by the whole protocol, told in seconds."""
    settings = Settings(home=home).having(IbmSettings(ibm_url=service.url, usd_per_qpu_s=1.6))
    store = FileStore(settings.store)
    ledger = SqlLedger(settings.ledger, store, settings.case_lease_s)
    nobody = cast(Any, None)  # neither tracking nor a report is reached from here
    runtime = Runtime(settings, ledger, store, tracker=nobody, render=nobody)

    def call() -> float:
        number = next(_seeds)
        made = work.case(False)
        case = replace(made, info=made.info.model_copy(update={"case_id": f"call-{number}"}))
        key = WorkKey(case.case_id, 0, 0)
        item = replace(work.item(False), key=key, work=replace(work.bell(), seed=number))
        ledger.open_case(case.info)
        [took_s] = seconds(lambda: perform(Running(runtime, case), item), 1)
        found = ledger.find_submission(key)
        assert found is not None
        assert str(found.state) == "done"
        return took_s

    try:
        yield call
    finally:
        ledger.close()
        runtime.backend(work.BACKEND).close()


@contextmanager
def peer(service: practice.Practice) -> Iterator[Callable[[], float]]:
    """Starts prefect-qiskit and its server; yields one call of it, which returns its seconds."""
    with prefect_server() as variables:
        told = {"PEER_URL": service.url, "PEER_INSTANCE": service.instance}
        child = subprocess.Popen(
            [str(PYTHON), "prefect_qiskit_calls.py"],
            cwd=HERE,
            env={**os.environ, **service.environment, **variables, **told},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        into, out = child.stdin, child.stdout

        def call() -> float:
            into.write("\n")
            into.flush()
            return float(out.readline())

        try:
            yield call
        finally:
            into.close()
            child.wait(60)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print(machine())
    with ExitStack() as stack:
        service = stack.enter_context(
            practice.process(practice.PracticeSettings(noise=False, usage_limit_s=1e6))
        )
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        by_hand = bare(service)
        calls: dict[str, Callable[[], float]] = {
            "bare client": lambda: seconds(by_hand, 1)[0],
            "the whole protocol": stack.enter_context(protocol(service, home)),
        }
        if PYTHON.exists():
            calls["prefect-qiskit 0.2.1"] = stack.enter_context(peer(service))
        turns = [{name: call() for name, call in calls.items()} for _ in range(repeats + 1)]
    _tell({name: [turn[name] for turn in turns[1:]] for name in calls})


def _tell(found: dict[str, list[float]]) -> None:
    base = median(found["bare client"])
    for name, times in found.items():
        middle = median(times)
        print(row(name, times) + f"  ×{middle / base:.2f}, {middle - base:+.3f} s")


if __name__ == "__main__":
    main()
