"""A policy over many past decisions: `tierwise policy replay` on a ledger of 100,000.

    python -m bench.policy_replay [--decisions 100000] [--engine sqlite|postgresql] [--folder DIR]
        [--repeat 3]

Method. Cases of the toy family are decided by the router under the policy that ships as `default`, from
facts drawn at random with a fixed seed: two attempts that fall short, then hardware closed, open or held.
Their rows are written in bulk, without events, which a replay does not read; info, decisions and attempts
have the fields and the sizes that real ones have, the policy's whole text among them. What is timed is the
command as a person gives it, in a process of its own with its imports: with the same policy, and with one
that changes four limits. Its processor time is told beside the elapsed one, for a machine that has other
things to do. The digest of what it finds must be the same every time, whatever the processes.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import insert

from bench.machine import machine, row, seconds
from escalation.inputs.settings import ROOT
from escalation.model.amounts import Amounts, Caps
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.facts import FactValue
from escalation.model.problem import DataClass, Problem, Target
from escalation.policy.policy import load_policy
from escalation.testing.decided_cases import Came, DecidedCase, decided_case
from records.ledger import schema
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

CHANGED = """\
policy: changed
summary: The default with four other limits.
extends: default
changes:
  - rule: fidelity
    because: Half of the shots are to be right.
    when: {fact: quote.expected_fidelity, at_least: 0.5}
  - rule: calibration_age
    because: Devices drift in hours.
    when: {fact: device.calibration_age_h, at_most: 12 h}
  - rule: not_simulable
    because: Another limit.
    when: {fact: quote.simulation_log2, above: 35}
  - rule: paid_work
    because: A person decides on more than ten.
    unless: {fact: quote.usd, at_most: 10 USD}
"""
DECISIONS = 3
"""Of a case here: two attempts, and what comes of the third tier."""
PART = 1000


def drawn(dice: random.Random) -> dict[str, FactValue | None]:
    """Facts of a quantum rung."""
    return {
        "problem.data_may_leave_site": dice.random() < 0.95,
        "quote.simulation_log2": 60 * dice.random(),
        "site.simulable_log2": 30.0,
        "quote.expected_fidelity": dice.random(),
        "device.calibration_age_h": 30 * dice.random(),
        "quote.qpu_s": 100 * dice.random(),
        "budget.qpu_s_left": 600.0,
        "quote.usd": 30 * dice.random(),
        "budget.usd_left": 100.0,
        "device.available": dice.random() < 0.95,
        "device.queue_s": 3700 * dice.random(),
        "controls.worst_p_value": dice.random(),
    }


def rows(cases: int) -> Iterator[dict[str, list[dict[str, object]]]]:
    """Rows of the three tables, a part at a time."""
    dice, policy = random.Random(1), load_policy("default")
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=20),
        budget=Caps(wall_s=3600),
        data_class=DataClass.PUBLIC,
    )
    bounded = Certificate(
        status=CertificateStatus.BOUNDED,
        kind="the number at the stated position",
        value=9.0,
        verifier="toy/1",
    )
    for begin in range(0, cases, PART):
        part: dict[str, list[dict[str, object]]] = {"cases": [], "decisions": [], "attempts": []}
        for number in range(begin, min(begin + PART, cases)):
            came = Came(bounded, Amounts(wall_s=dice.random(), cpu_s=dice.random()))
            script = DecidedCase(
                policy, problem, dict.fromkeys(("scan", "two_looks", "dice"), came), drawn(dice)
            )
            name = f"case-{number:08d}"
            case = decided_case(script, name)
            part["cases"].append({
                "case_id": name, "number": number + 1, "info": case.info_text, "status": case.status,
                "opened_at": "2026-01-01T00:00:00.000000+00:00", "outcome": case.outcome_text,
            })  # fmt: skip
            for what, texts in (("decision", case.decision_texts), ("attempt", case.attempt_texts)):
                part[f"{what}s"] += [
                    {"case_id": name, "number": at, what: text} for at, text in enumerate(texts)
                ]
        yield part


def fill(ledger: SqlLedger, decisions: int) -> int:
    """Writes cases until there are as many decisions; returns how many there are."""
    count = 0
    for part in rows(decisions // DECISIONS):
        with ledger._database.writing() as connection:
            for table in (schema.cases, schema.decisions, schema.attempts):
                if part[table.name]:
                    connection.execute(insert(table), part[table.name])
        count += len(part["decisions"])
    return count


def _children_s() -> float:
    """Processor seconds of the processes that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Prints the times and what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))  # noqa: S108
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.folder)))
        url = f"sqlite:///{home / 'ledger.db'}"
        if asked.engine == "postgresql":
            from bench.ledger_scale import postgresql

            url = stack.enter_context(postgresql())
        ledger = SqlLedger(url, FileStore(home / "store"))
        count = fill(ledger, asked.decisions)
        ledger.close()
        changed = home / "changed.yaml"
        changed.write_text(CHANGED)
        env = {**os.environ, "TIERWISE_HOME": str(home), "TIERWISE_LEDGER_URL": url}
        print(f"{machine()}\n{asked.engine}, {count} decisions")
        for name, policy in (("the same policy", "default"), ("four other limits", str(changed))):
            said: list[str] = []
            cpu_s: list[float] = []

            def run(policy: str = policy, said: list[str] = said, cpu_s: list[float] = cpu_s) -> None:
                before = _children_s()
                command = [sys.executable, "-m", "tierwise", "policy", "replay", policy, "--json"]
                found = subprocess.run(
                    command, env=env, cwd=ROOT, capture_output=True, text=True, check=False
                )
                said.append(found.stdout or found.stderr)
                cpu_s.append(_children_s() - before)

            print(row(name, seconds(run, asked.repeat)))
            print(row("  of processors, all processes together", cpu_s))
            found = json.loads(said[0])
            parts = ("same", "changed", "cannot_tell")
            print("  " + ", ".join(f"{part} {found[part]['count']}" for part in parts), found["sha256"][:16])
            assert len({json.loads(each)["sha256"] for each in said}) == 1


if __name__ == "__main__":
    main()
