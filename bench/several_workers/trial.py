"""The trial: workers on machines of their own share a ledger and a store, and are killed at random."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import practice
from bench.several_workers import plan
from bench.several_workers.machine import Machine
from deployments.address import free_port
from escalation.inputs.settings import ROOT, Settings
from escalation.model.case import Outcome
from records.ledger.ledger import SqlLedger
from records.store.opening import open_store
from tests.records.postgresql import over_tcp, serving
from tests.records.s3 import serving_s3

WORKER = ("-m", "bench.several_workers.worker")
NAMES = ("node1", "node2", "node3")
LEASE_S = 2.0
PACE = {
    "TIERWISE_CASE_LEASE_S": str(LEASE_S),
    "TIERWISE_POLL_S": "0.1",
    "TIERWISE_SETTLE_S": "1",
    "TIERWISE_USAGE_S": "5",
    "TIERWISE_USD_PER_QPU_S": "1.6",
    "TIERWISE_RANKS": "2",
    "TIERWISE_TRACKING": "off",
}
"""What is minutes between real machines and at a real service is seconds here. MLflow is a view, and off."""
STILL = practice.PracticeSettings(noise=False)
HARM = ("worker killed", "machine killed", "worker frozen")
FROZEN_LEASES = 2.5
MOMENT_S = 0.3
"""Between seeing that a worker is busy and harming it: anywhere in a case."""
PATIENCE_S = 1800.0


@dataclass(frozen=True)
class Site:
    """What the machines share.

    Attributes:
        ledger: its URL.
        store: its URL.
        environment: what the store's client needs.
    """

    ledger: str
    store: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def variables(self, service: practice.Practice) -> dict[str, str]:
        """The environment of a worker."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("TIERWISE_")}
        asked = practice.client_settings(service.url) | service.environment
        there = {"TIERWISE_LEDGER_URL": self.ledger, "TIERWISE_STORE_URL": self.store}
        return {**own, **PACE, **asked, **there, **self.environment}

    def settings(self, home: Path) -> Settings:
        """The settings of who reads the records; `environment` must be that of the process."""
        return Settings(home=home, ledger_url=self.ledger, store_url=self.store)


@dataclass(frozen=True)
class Books:
    """What the records and the service say at the end.

    Attributes:
        answers: by case id, the digest of its answer; of final cases alone.
        jobs: by a submission's tag, how many jobs the service accepted.
        submissions: tags of the submissions that the ledger has, with their states.
        billed_s: QPU seconds by the ledger.
        charged_s: QPU seconds by the service.
        events: how many of each kind.
        findings: what does not fit in the ledger, or is not in the store.
    """

    answers: Mapping[str, str]
    jobs: Mapping[str, int]
    submissions: Mapping[str, str]
    billed_s: float
    charged_s: float
    events: Mapping[str, int]
    findings: tuple[str, ...]


def alone(count: int, folder: Path) -> Mapping[str, str]:
    """What one undisturbed worker on this machine answers, in a home of its own."""
    with practice.process(STILL) as service:
        home = folder / "alone"
        variables = {
            **Site(f"sqlite:///{home / 'ledger.db'}", "").variables(service),
            "TIERWISE_HOME": str(home),
        }
        del variables["TIERWISE_STORE_URL"]
        command = [sys.executable, *WORKER, str(count), "0"]
        subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True, timeout=PATIENCE_S)
        return books(Settings(home=home), service).answers


@dataclass
class Trial:
    """Machines with a worker each, and whoever harms them.

    Attributes:
        count: of the cases.
        harms: how often a worker or machine is killed, or a worker frozen beyond its lease, in turn.
        every_s: seconds between two harms, in the mean.
        seed: of the harms.
    """

    count: int
    harms: int
    every_s: float
    seed: int
    done: Counter[str] = field(default_factory=Counter)

    def run(self, site: Site, service: practice.Practice, folder: Path) -> float:
        """Runs until all cases are final; returns the seconds that took.

        Raises:
            TimeoutError: when that takes more than `PATIENCE_S`.
        """
        began = time.monotonic()
        firsts = [number * self.count // len(NAMES) for number in range(len(NAMES))]
        machines = [
            Machine(name, folder, [*WORKER, str(self.count), str(first)], site.variables(service))
            for name, first in zip(NAMES, firsts, strict=True)
        ]
        with ExitStack() as last_first:
            for machine in machines:
                last_first.callback(machine.kill)
                machine.start()
            rng = random.Random(self.seed)
            kinds = cycle(rng.sample(HARM, len(HARM)))
            while any(machine.running for machine in machines):
                busy = [machine for machine in machines if machine.busy]
                if busy and self.done.total() < self.harms:
                    time.sleep(rng.uniform(0.0, MOMENT_S))
                    self._harm(rng.choice(busy), next(kinds))
                    time.sleep(rng.expovariate(1 / self.every_s))
                time.sleep(0.02)
                if time.monotonic() - began > PATIENCE_S:
                    raise TimeoutError(f"expected all cases to end within {PATIENCE_S:g} s")
        return time.monotonic() - began

    def _harm(self, machine: Machine, how: str) -> None:
        if how == "worker killed":
            machine.kill_worker()
        elif how == "machine killed":
            machine.kill()
            machine.start()
        else:
            machine.freeze_worker()
            time.sleep(LEASE_S * FROZEN_LEASES)
            machine.thaw_worker()
        self.done[how] += 1


@contextmanager
def site() -> Iterator[tuple[Site, practice.Practice]]:
    """A PostgreSQL server, an S3 server and a practice service on this machine's loopback address."""
    port = free_port()
    with ExitStack() as last_first:
        last_first.enter_context(serving(port))
        s3 = last_first.enter_context(serving_s3())
        service = last_first.enter_context(practice.process(STILL))
        for name, value in s3.environment.items():  # who reads the records at the end needs it as well
            os.environ[name] = value
            last_first.callback(os.environ.pop, name)
        yield Site(over_tcp(port), s3.url, s3.environment), service


def books(settings: Settings, service: practice.Practice) -> Books:
    """Reads what there is at the end, and checks it."""
    store = open_store(settings)
    ledger = SqlLedger(settings.ledger, store)
    try:
        final = [record for record in ledger.cases() if record.status.final]
        answers = {each.info.case_id: plan.answer(Outcome.model_validate(each.outcome)) for each in final}
        rows = ledger.submissions()
        lacking = ledger.digests() - set(store.digests())
        account = service.control.account()
        return Books(
            answers=answers,
            jobs=Counter(tag for job in account["jobs"] for tag in job["tags"]),
            submissions={row.tag: str(row.state) for row in rows},
            billed_s=sum(ledger.spent(record.info.case_id).qpu_s for record in final),
            charged_s=account["totals"]["charged_s"],
            events=Counter(str(event["kind"]) for event in ledger.events()),
            findings=(*ledger.findings(), *(f"not in the store: {digest}" for digest in sorted(lacking))),
        )
    finally:
        ledger.close()


def verdict(count: int, expected: Mapping[str, str], found: Books) -> list[str]:
    """What is wrong; nothing where every promise was kept."""
    wanted = {plan.case_id(number) for number in range(count)}
    paid = sum(plan.kind_of(number) == plan.PAID for number in range(count))
    wrong = [f"lost: {case_id}" for case_id in sorted(wanted - set(found.answers))]
    wrong += [
        f"another answer: {each}"
        for each in sorted(found.answers)
        if found.answers[each] != expected.get(each)
    ]
    wrong += [f"job {tag} was accepted {number} times" for tag, number in found.jobs.items() if number != 1]
    if set(found.jobs) != set(found.submissions) or len(found.jobs) != paid:
        wrong.append(f"{paid} paid cases, {len(found.submissions)} submissions, {len(found.jobs)} jobs")
    wrong += [f"submission {tag} is {state}" for tag, state in found.submissions.items() if state != "done"]
    if abs(found.billed_s - found.charged_s) > 1e-6:
        wrong.append(f"billed {found.billed_s:g} s, charged {found.charged_s:g} s")
    return [*wrong, *found.findings]
