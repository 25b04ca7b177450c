"""Several workers, killed at random, and the single machine.

    python -m bench.several_workers [--cases 200] [--harms 20] [--every-s 15] [--seed 1]

Method. Toy cases of every kind of work (of ten: five of local calls, two of MPI programs, one of simulated
circuits, two of paid circuits at the practice service) are solved twice: by one undisturbed worker on this
machine, SQLite and a folder; and by three workers on three machines with host names, boot ids, process ids
and disks of their own, that share a PostgreSQL server and an S3 server. There, at random moments, a worker is
killed, a machine with all its processes and its disk, or a worker is stopped until its leases are over and
then goes on. A killed worker or machine is started again. Each strikes
a worker that is in the middle of a case. Reported is what came of it: the answers' digests,
the jobs at the service, what had to be made anew. The exit code is 1 where a promise was not kept.

Needs root (namespaces), and installs PostgreSQL and moto's S3 server where they are missing.
"""

import argparse
import tempfile
import time
from pathlib import Path

from bench.machine import machine
from bench.several_workers import plan
from bench.several_workers.trial import Trial, alone, books, site, verdict


def main() -> int:
    """Reads the command line, runs both, prints what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.several_workers")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--harms", type=int, default=20)
    parser.add_argument("--every-s", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="tierwise-several-") as folder:
        return report(Trial(asked.cases, asked.harms, asked.every_s, asked.seed), Path(folder))


def report(trial: Trial, folder: Path) -> int:
    """Runs the trial and prints it."""
    began = time.monotonic()
    expected = alone(trial.count, folder)
    print(f"one worker, undisturbed: {len(expected)} cases in {time.monotonic() - began:.0f} s")
    with site() as (shared, service):
        took_s = trial.run(shared, service, folder)
        found = books(shared.settings(folder / "reader"), service)
    harms = ", ".join(f"{number} × {how}" for how, number in sorted(trial.done.items()))
    print(f"three workers: {len(found.answers)} cases in {took_s:.0f} s; {harms}")
    same = sum(found.answers[each] == expected.get(each) for each in found.answers)
    print(f"answers as the single machine's: {same} of {trial.count}")
    paid = sum(plan.kind_of(number) == plan.PAID for number in range(trial.count))
    print(f"paid cases: {paid}, jobs at the service: {sum(found.jobs.values())}")
    print(f"charged by the service: {found.charged_s:g} s, billed in the ledger: {found.billed_s:g} s")
    events = found.events
    print(f"taken up again: {events['case.resumed']}, work lost and made anew: {events['work.lost']}")
    wrong = verdict(trial.count, expected, found)
    print("\n".join(wrong) or f"every promise was kept; {sum(events.values())} events in one chain verified")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
