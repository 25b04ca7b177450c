"""What the tests of the records share: real stores, ledgers and cases."""

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from escalation.attempt import Attempt, AttemptStatus
from escalation.case import CaseInfo
from escalation.certificate import Certificate, CertificateStatus, Control
from escalation.decision import Action, Decision
from escalation.identity import digest_json
from escalation.problem import Problem, Target, Tier
from escalation.quote import Quote
from escalation.settings import ROOT
from records.ledger import SqlLedger
from records.store import FileStore
from tests.records.postgresql import Missing, database, programs, serving


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The socket of a PostgreSQL server that runs for the session."""
    try:
        programs()
    except Missing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    with serving() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, of every kind that the ledger runs on."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    with database(request.getfixturevalue("postgresql"), f"ledger_{next(_numbers)}") as made:
        yield made


_numbers = itertools.count()


@pytest.fixture
def sql(url: str) -> Callable[..., None]:
    """Does, in one transaction, what somebody with a SQL shell can do behind the ledger's back."""

    def run(*statements: str) -> None:
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                for statement in statements:
                    connection.execute(text(statement))
        finally:
            engine.dispose()

    return run


@pytest.fixture
def open_ledger(url: str, store: FileStore) -> Iterator[Callable[[], SqlLedger]]:
    """Opens the one ledger of the test, as often as wanted: each object is a holder of its own."""
    opened: list[SqlLedger] = []

    def make() -> SqlLedger:
        opened.append(SqlLedger(url, store, lease_s=30.0))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], SqlLedger]) -> SqlLedger:
    return open_ledger()


@pytest.fixture
def make_info() -> Callable[..., CaseInfo]:
    def make(case_id: str = "c", seed: int = 0, **changes: Any) -> CaseInfo:
        problem = Problem(
            family="toy", instance={"name": "n"}, target=Target(metric="m", at_least=1), seed=seed
        )
        return CaseInfo(
            **{
                "case_id": case_id,
                "problem": problem,
                "problem_digest": problem.digest,
                "instance_digest": digest_json("instance"),
                "instance": {"rows": 3},
                "policy_name": "default",
                "policy_digest": digest_json("policy"),
                "policy_text": "name: default\n",
                "environment": {"engine": "plain", "commit": "c0ffee", "lock": "10cc"},
            }
            | changes
        )

    return make


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    def make(number: int = 0, status: AttemptStatus = AttemptStatus.CERTIFIED, **changes: Any) -> Attempt:
        certificate = Certificate(
            status=CertificateStatus.CERTIFIED,
            kind="bound",
            value=0.5,
            estimate=0.625,
            tolerance=0.025,
            verifier="v 1",
            controls=(Control(name="rbf", value=0.25, difference=0.125, p_value=0.75),),
        )
        return Attempt(
            **{
                "number": number,
                "tier": Tier.HPC,
                "method": "m",
                "backend": "local",
                "device_kind": "classical",
                "seed": 7,
                "quote": Quote(wall_s=9.0),
                "status": status,
                "certificate": None if status is AttemptStatus.FAILED else certificate,
            }
            | changes
        )

    return make


@pytest.fixture
def make_decision() -> Callable[..., Decision]:
    def make(number: int = 0, because: str = "it is next") -> Decision:
        return Decision(number=number, action=Action.ATTEMPT, tier=Tier.HPC, rule="order", because=because)

    return make


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts Python processes that run the given program text; what is left of them is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str, *args: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", program, *map(str, args)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
