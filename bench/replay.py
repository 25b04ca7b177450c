"""How fast cases are replayed from their results, and what every method on every machine gives both ways.

    python -m bench.replay [--cases 100] [--machines]

Method: `--cases` cases of the toy family (two looks, one process) are solved into records of their own,
untracked, and replayed one after the other in this process, as `tierwise replay` does, three times over:
cases a second, by the wall clock and by this process's own CPU time. With `--machines`, every method of every
family is run on every machine of this site by itself that takes its work: solved, replayed from results and
run again, once. A difference ends it.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter, process_time

from bench.machine import machine
from escalation.engine.drive import solve
from escalation.engine.runtime import Runtime
from escalation.model.errors import TierwiseError, one_line
from escalation.model.problem import Tier
from escalation.model.work import kinds
from escalation.ports.configuration import settings
from escalation.ports.registry import FamilyDescriptor, families
from escalation.replay.replay import replay
from escalation.testing.replaying import case_of, check_replay, free_machines, rungs
from records.runtime import open_runtime
from records.scratch import scratch_runtime

TURNS = 3


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--machines", action="store_true")
    given = parser.parse_args()
    print(machine())
    with _records() as runtime:
        _throughput(runtime, given.cases)
        if given.machines:
            for family in families().values():
                for rung in rungs(family):
                    _machines(runtime, family, *rung)


@contextmanager
def _records() -> Iterator[Runtime]:
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as home:
        os.environ |= {"TIERWISE_HOME": home, "TIERWISE_TRACKING": "off"}
        settings.cache_clear()
        with open_runtime() as runtime:
            yield runtime


def _throughput(runtime: Runtime, count: int) -> None:
    toy, places = families()["toy"], _places()
    ids = []
    for _ in range(count):
        case = case_of(toy, "two_looks", Tier.AI, places)
        solve(runtime, case)
        ids.append(case.case_id)
    found = []
    for _ in range(TURNS):
        began, cpu = perf_counter(), process_time()
        for case_id in ids:
            assert replay(runtime.ledger, runtime.store, case_id).same
        found.append((count / (perf_counter() - began), count / (process_time() - cpu)))
    wall, cpu = (median(each) for each in zip(*found, strict=True))
    told = f"{wall:.0f} a second of the wall clock, {cpu:.0f} of CPU time (n={TURNS})"
    print(f"{count} cases from results: {told}", flush=True)


def _machines(runtime: Runtime, family: FamilyDescriptor, method: str, tier: Tier, kind: str) -> None:
    """A line a machine: seconds of both ways of replaying."""
    for spec in free_machines(kind):
        named = f"{family.name}/{method} on {spec}"
        try:
            case = case_of(family, method, tier, {**_places(), kind: spec})
            fed, again = check_replay(runtime, scratch_runtime, case)
        except TierwiseError as error:  # a batch system that is not here
            print(f"{named:<52} not here: {one_line(error):.70}", flush=True)
            continue
        stated = "; to the bit" if not again.stated else "; compared as stated"
        print(
            f"{named:<52} {fed.seconds:7.2f} s from results {again.seconds:7.2f} s run again{stated}",
            flush=True,
        )


def _places() -> dict[str, str]:
    return {kind: free_machines(kind)[0] for kind in kinds() if free_machines(kind)}


if __name__ == "__main__":
    main()
