"""One measurement of `bench.batch`, in a process of its own, by the code of the checkout on PYTHONPATH."""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, text

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.model.problem import Problem
from escalation.ports.configuration import settings
from records.runtime import open_runtime

WARM, MIDDLE = 20, 100


def problem(seed: int) -> dict[str, Any]:
    """A toy problem; each another one."""
    return {
        "family": "toy",
        "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 8},
        "target": {"metric": "number", "at_least": 9},
        "data_class": "public",
        "seed": seed,
    }


class Silent:
    """No MLflow, in a checkout that has no switch for it."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_args, **_named: None


def below(process: psutil.Process) -> float:
    """CPU seconds of all processes below one, those included that ended and were waited for."""
    ended = sum(process.cpu_times()[2:4])
    return float(ended + sum(sum(each.cpu_times()[:4]) for each in process.children(recursive=True)))


class Meter:
    """CPU seconds, commits and the clock, from its construction on."""

    def __init__(self, postmaster: int) -> None:
        self._me, self._database = psutil.Process(), psutil.Process(postmaster)
        url = str(settings().ledger_url).replace("postgresql:", "postgresql+psycopg:")
        self._engine = create_engine(url)
        self._at = self._now()

    def _now(self) -> dict[str, float]:
        own, database = self._me.cpu_times(), self._database.cpu_times()
        with self._engine.connect() as connection:
            commits = connection.execute(text("SELECT sum(xact_commit) FROM pg_stat_database")).scalar_one()
        return {
            "seconds": time.perf_counter(),
            "own_cpu_s": own.user + own.system,
            "database_cpu_s": database.user + database.system + below(self._database),
            "workers_cpu_s": below(self._me),
            "commits": float(commits),
        }

    def read(self) -> dict[str, float]:
        """What was used since."""
        now = self._now()
        used = {name: now[name] - self._at[name] for name in now}
        return used | {"cpu_s": sum(used[name] for name in used if name.endswith("cpu_s"))}


def rss_mb() -> float:
    """The resident set of this process."""
    return psutil.Process().memory_info().rss / 2**20


def in_a_loop(runtime: Runtime, seeds: range, workers: int, ended: Callable[[], None]) -> None:
    """As many threads, each of which prepares and solves one after the other."""

    def one(seed: int) -> None:
        solve(runtime, prepare(Problem.model_validate(problem(seed))))
        ended()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, seeds))


def as_a_batch(runtime: Runtime, seeds: range, workers: int, ended: Callable[[], None]) -> None:
    """As `tierwise batch` does."""
    from escalation.engine.batch import Batch
    from escalation.engine.batch_plan import BatchPlan
    from escalation.inputs.problem_lists import problem_sources

    sources = problem_sources(map(problem, seeds), Path.cwd())
    report = Batch(runtime, sources, BatchPlan(workers=workers), lambda _: ended()).run()
    assert report.counts == {"accepted": len(seeds)}, report.counts


def as_a_flow(runtime: Runtime, seeds: range, workers: int, ended: Callable[[], None]) -> None:
    """As one flow run, a task run a problem."""
    from flows.batch import batch
    from flows.lending import lending

    with lending(runtime, told=lambda _: ended()):
        report = batch(list(map(problem, seeds)), workers=workers)
    assert report.counts == {"accepted": len(seeds)}, report.counts


@contextmanager
def opened(tracked: bool) -> Iterator[Runtime]:
    """A runtime, whose tracking is switched off where that is asked for."""
    with open_runtime() as runtime:
        if not tracked:
            runtime.tracker = Silent()
        yield runtime


def run_of(how: dict[str, Any]) -> Callable[..., None]:
    """The way of solving that is measured."""
    if "server" in how:
        return as_a_flow
    return as_a_batch if (Path.cwd() / "escalation/engine/batch.py").exists() else in_a_loop


def main(how: dict[str, Any]) -> None:
    """Measures, and prints one line of JSON."""
    os.environ.update(how.get("server", {}))
    run, count, rss = run_of(how), [0], {"rss_100_mb": math.nan}

    def ended() -> None:
        count[0] += 1
        if count[0] == WARM + MIDDLE:
            rss["rss_100_mb"] = rss_mb()

    with opened(how["mlflow"]) as runtime:
        run(runtime, range(WARM), how["workers"], ended)
        drain = getattr(runtime.tracker, "drain", lambda _: True)
        assert drain(600) is not False
        meter = Meter(how["postmaster"])
        run(runtime, range(WARM, WARM + how["cases"]), how["workers"], ended)
        solved_s = meter.read()["seconds"]
        assert drain(3600) is not False
        found = meter.read() | rss | {"rss_mb": rss_mb(), "cases": how["cases"], "solved_s": solved_s}
    print(json.dumps(found))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
