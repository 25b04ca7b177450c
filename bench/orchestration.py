"""What the ladder adds to the work that it orchestrates.

    python -m bench.orchestration [--repeats 5] [--prefect]

Method. A toy case of three attempts (an MPI program, two concurrent local calls, one circuit on the ideal
simulator), none of which reaches the target, under a policy whose gates are open. Side by side in one run,
in turn:

1. direct: the three methods' generators driven by hand, their work sent to the same warm backends with
   `submit`, `wait`, `result`; no facts, no policy, no certificate, no record;
2. plain: the whole case by the plain driver: decisions, intents, store, ledger with its hash chain,
   certificates, report; MLflow in its background thread;
3. with `--prefect`, the same as a flow run against a server on this machine (started before, not timed).

One unmeasured turn warms workers and imports. Reported are medians; the orchestrator's part is the
difference of the medians to `direct`. MLflow's own time, which a case does not wait for, is reported apart
as the time that `close` waits at the end, divided by the number of cases.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, cast

from bench.machine import machine, row, seconds
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.problem import DataClass, Problem, Target
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.policy.policy import parse_policy
from escalation.ports.machines import Backend
from escalation.testing.family import drive_method
from records.runtime import open_runtime

POLICY = """\
policy: open
summary: every gate is open
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
gates:
  - id: known
    tier: quantum
    because: The quote has to be known.
    when: {fact: quote.shots, at_most: 100000}
"""
_numbers = count()


def problem() -> Problem:
    """A toy problem that nothing reaches; each call another one, so that nothing is shared."""
    return Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=99),
        budget=Caps(wall_s=600, usd=0),
        data_class=DataClass.PUBLIC,
        seed=next(_numbers),
    )


def direct(runtime: Runtime, case: Case, folders: Iterator[Path]) -> None:
    """The methods' code, with nothing around it but the backends."""

    def perform(work: Work) -> RawResult:
        backend = cast(Backend, runtime.backend(case.backend_of(work)))
        handle = backend.submit(work, next(folders))
        while not backend.wait(handle, 60).state.final:
            pass
        return backend.result(handle)

    for number, method in enumerate(case.family.methods()):
        drive_method(method, case.view, case.seed(number, method.name), perform)


def fresh_folders(base: Path) -> Iterator[Path]:
    """Yields new empty folders."""
    for number in count():
        folder = base / str(number)
        folder.mkdir(parents=True)
        yield folder


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--prefect", action="store_true")
    arguments = parser.parse_args()
    print(machine())
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine: Any = None
        if arguments.prefect:
            engine = stack.enter_context(_prefect(home))
        found, closing_s = _measure(home, arguments.repeats, engine)
    base = median(found["direct"])
    for name, times in found.items():
        print(row(name, times) + f"  +{median(times) - base:.3f} s over direct")
    print(f"{'MLflow, per case, after the last case ended':<58} {closing_s:8.3f} s")


def _measure(home: Path, repeats: int, engine: Any) -> tuple[dict[str, list[float]], float]:
    policy = parse_policy(POLICY)
    folders = fresh_folders(home / "direct")
    names = ["direct", "plain", *(["prefect"] if engine else [])]
    found: dict[str, list[float]] = {name: [] for name in names}
    with open_runtime(Settings(home=home / "records")) as runtime:
        runs = {
            "direct": lambda: direct(runtime, prepare(problem(), policy), folders),
            "plain": lambda: solve(runtime, prepare(problem(), policy)),
            "prefect": lambda: engine(runtime, problem()),
        }
        for turn in range(repeats + 1):
            for name in names:
                once = seconds(runs[name], 1)
                if turn:
                    found[name] += once
        start = perf_counter()
    cases = (repeats + 1) * (len(names) - 1)
    return found, (perf_counter() - start) / cases


@contextmanager
def _prefect(home: Path) -> Iterator[Any]:
    """A server on this machine, and a function that solves a problem as a flow run on it."""
    from deployments.address import Address, free_port
    from deployments.processes import client_environment, running_server

    policy_path = home / "open.yaml"
    policy_path.write_text(POLICY)
    address = Address(free_port())
    with running_server(home / "prefect", address):
        os.environ.update(client_environment(home / "prefect", address), PREFECT_LOGGING_LEVEL="ERROR")
        from flows.escalate import escalate
        from flows.lending import lending

        def run(runtime: Runtime, stated: Problem) -> object:
            with lending(runtime):
                return escalate(stated, str(policy_path))

        yield run


if __name__ == "__main__":
    main()
