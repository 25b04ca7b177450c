"""What it takes to hand a case out, and to check what was handed out.

    python -m bench.export [--repeats 7] [--mebibytes 100]

Method: a case of the toy family is solved with the plain driver in a home of its own. It is then exported as
a folder and as a ZIP file, each verified by `tierwise verify`'s function and by the file in it as a process
of its own, and opened again, all in turn, `--repeats` times; medians of wall time. Then the same case with so
many mebibytes of random bytes more in its store is made into a bag and verified in memory, once.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from bench.machine import machine, row, seconds
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.export.bag import signed_bag
from records.export.exporting import bag, export
from records.export.opening import open_export
from records.export.verifying import findings, verify_export
from records.runtime import open_records, open_runtime
from records.signing.keys import make_key

POLICY = """\
policy: bench
summary: Two pieces of work in this process.
tiers: [ai]
backends: {local_call: local}
"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--mebibytes", type=int, default=100)
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as folder:
        settings = Settings(home=Path(folder) / "home", tracking=0.0)
        _solved(settings)
        make_key(settings)
        _small(settings, Path(folder), arguments.repeats)
        _large(settings, arguments.mebibytes)


def _solved(settings: Settings) -> None:
    target = Target(metric="number", at_least=4)
    instance = {"numbers": [3, 1, 4, 1, 5, 9], "reach": 3}
    problem = Problem(family="toy", instance=instance, target=target, data_class="public")
    with open_runtime(settings) as runtime:
        solve(runtime, prepare(problem, parse_policy(POLICY), "bench"))


def _small(settings: Settings, folder: Path, repeats: int) -> None:
    numbers, found = count(), dict[str, list[float]]()
    with open_records(settings) as (ledger, store):
        for turn in range(repeats + 1):  # the first warms up
            for end in ("", ".zip"):
                target = folder / f"out-{next(numbers)}{end}"
                alone = [sys.executable, "-I", "-S", str(_verifier(folder)), str(target)]
                steps: dict[str, Callable[[], object]] = {
                    "export": lambda: export(ledger, store, settings, "bench", target),  # noqa: B023
                    "verify": lambda: verify_export(target),  # noqa: B023
                    "open": lambda: _opened(target),  # noqa: B023
                }
                if not end:  # it takes a folder
                    steps["verify.py, a process"] = lambda: subprocess.run(alone, stdout=-3, check=True)  # noqa: B023
                for name, step in steps.items():
                    times = seconds(step, 1)
                    if turn:
                        found.setdefault(f"{name}, {'ZIP' if end else 'folder'}", []).extend(times)
    for name, times in found.items():
        print(row(name, times))


def _verifier(folder: Path) -> Path:
    from records.export.exporting import VERIFIER

    copy = folder / "verify.py"
    copy.write_bytes(VERIFIER.read_bytes())
    return copy


def _opened(target: Path) -> None:
    with open_export(target) as (ledger, _):
        assert ledger.decisions("bench")


def _large(settings: Settings, mebibytes: int) -> None:
    from records.signing.keys import site_key

    key, data = site_key(settings), random.Random(0).randbytes(mebibytes * 2**20)
    with open_records(settings) as (ledger, store):
        found, files = bag(ledger, store, settings, "bench", key=key, now=datetime.now(UTC))
    large = {**found.files, "large": data}
    made: list[dict[str, bytes]] = []
    about, tags = {"Bagging-Date": "2026-11-27"}, {"verify.py": files["verify.py"]}
    times = seconds(lambda: made.append(signed_bag(large, about, tags, {}, key)), 1)
    print(row(f"bag of {mebibytes} MiB, in memory", times))
    print(row(f"verify {mebibytes} MiB, in memory", seconds(lambda: list(findings(made[0], key.public)), 1)))


if __name__ == "__main__":
    main()
