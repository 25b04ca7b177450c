"""What the tests of the records share: real stores, ledgers and cases."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import create_engine, text

from escalation.inputs.settings import ROOT
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.attempt import Attempt, AttemptStatus, Candidate
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.certificate import Certificate, CertificateStatus, Control
from escalation.model.decision import Action, Decision
from escalation.model.identity import digest_json
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Approval, Limit, Period, Price, Submission
from escalation.model.submission_states import SubmissionState
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.records.postgresql import emptied

hypothesis.settings.register_profile(
    "long",
    max_examples=2000,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of every kind that the ledger runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return emptied(request.getfixturevalue("postgresql"))


@pytest.fixture
def sql(url: str) -> Callable[..., None]:
    """Does, in one transaction, what somebody with a SQL shell can do behind the ledger's back."""

    def run(*statements: str) -> None:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
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
                "about": "t.csv: ill, 3 rows, 2 features",
                "asked": "m at least 1",
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
                "quote": Quote(amounts=Bounds(wall_s=9.0)),
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


PRICE = Price(expected=Amounts(qpu_s=1.5, usd=2.4), cap=Amounts(qpu_s=3.0, usd=4.8))
"""Of the submissions that these tests make; the cap is what is reserved."""


@pytest.fixture
def make_question() -> Callable[..., Approval]:
    """Asks about a frozen submission, at 1000 s for 100 s, unless told otherwise."""

    def make(row: Submission, number: int = 0, **changes: Any) -> Approval:
        assert row.price is not None
        assert row.payload is not None
        names = {"case_id": row.case_id, "attempt": row.attempt, "ordinal": row.ordinal}
        binds = {"subject": row.payload, "policy": digest_json("policy"), "cap": row.price.cap}
        times = {"asked_at": 1000.0, "expires_at": 1100.0}
        made = {"approval_id": f"q{number}", "shown": {"device": row.backend}, **names, **binds, **times}
        return Approval.model_validate(made | changes)

    return make


@pytest.fixture
def freeze() -> Callable[..., Submission]:
    """Opens a submission and freezes its payload, in a case that the ledger holds."""

    def make(
        ledger: SqlLedger, ordinal: int = 0, case_id: str = "c", backend: str = "model", **changes: Any
    ) -> Submission:
        row = ledger.want_submission(WorkKey(case_id, 0, ordinal), digest_json("work"), backend, 1000.0)
        noted: dict[str, Any] = {"payload": digest_json([case_id, ordinal]), "price": PRICE} | changes
        return ledger.move(row, SubmissionState.FROZEN, 1000.0, **noted)

    return make


@pytest.fixture
def reach(freeze: Callable[..., Submission], make_question: Any) -> Callable[..., Submission]:
    """Takes a new submission to a state by a way that the table has, a minute a step."""
    S = SubmissionState
    sent = (S.AUTHORISED, S.FENCED, S.SENDING)
    ways: dict[SubmissionState, tuple[SubmissionState, ...]] = {
        S.FROZEN: (),
        S.ASKED: (S.ASKED,),
        S.AUTHORISED: sent[:1],
        S.FENCED: sent[:2],
        S.SENDING: sent,
        S.DOUBTED: (*sent, S.DOUBTED),
        S.PARKED: (*sent, S.DOUBTED, S.PARKED),
        S.SUBMITTED: (*sent, S.SUBMITTED),
        S.FETCHED: (*sent, S.SUBMITTED, S.FETCHED),
        S.SETTLED: (*sent, S.SUBMITTED, S.FETCHED, S.SETTLED),
        S.DONE: (*sent, S.SUBMITTED, S.FETCHED, S.SETTLED, S.DONE),
        S.REFUSED: (S.REFUSED,),
        S.CANCELLED: (S.CANCELLED,),
    }

    def go(ledger: SqlLedger, state: SubmissionState, ordinal: int = 0) -> Submission:
        if state is S.WANTED:
            return ledger.want_submission(WorkKey("c", 0, ordinal), digest_json("work"), "model", 1000.0)
        row = freeze(ledger, ordinal)
        for number, target in enumerate(ways[state], start=1):
            now = 1000.0 + 60 * number
            if target in (S.ASKED, S.AUTHORISED):
                question = make_question(row, ordinal) if target is S.ASKED else None
                row = ledger.authorise(row, question, Caps(), "p", now)[1]
            elif target is S.DONE:
                row = ledger.bill(row, 2.0, 3.2, now)
            else:
                row = ledger.move(row, target, now)
        return row

    return go


KEY = WorkKey("c", 0, 0)
WORK = LocalCall("a:b", {"x": 1})


@pytest.fixture
def filled(
    ledger: SqlLedger, make_info: Callable[..., CaseInfo], make_decision: Any, make_attempt: Any
) -> SqlLedger:
    ledger.open_case(make_info())
    ledger.add_decision("c", make_decision(0))
    ledger.intend(KEY, WORK, "local")
    assert ledger.reserve(KEY, Amounts(usd=1), Caps(usd=2))
    ledger.submitted(KEY, {"pid": 1})
    ledger.spend(KEY, Amounts(usd=0.5))
    ledger.settle(KEY, RawResult(JobState.DONE, {"y": 1}))
    ledger.add_attempt("c", make_attempt(0), Candidate({"y": 1}))
    ledger.link_run("c", "run")
    ledger.close_case("c", CaseStatus.HELD, None)
    return ledger


@pytest.fixture
def paid(
    filled: SqlLedger, make_info: Any, freeze: Callable[..., Submission], make_question: Any
) -> SqlLedger:
    """The same with a submission that a person approved, under a limit; events 11 to 17."""
    filled.open_case(make_info())
    filled.set_limit(Limit(project="p", period=Period.DAY, caps=Caps(usd=9.0)))
    row = freeze(filled, 1)
    _, row = filled.authorise(row, make_question(row), Caps(), "p", 1001.0)
    filled.answer("q0", granted=True, by="Ada", reason="", now=1002.0)
    return filled


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts Python processes that run the given program text; what is left of them is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(
        program: str,
        *args: object,
        prefix: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[str]":
        command = [*prefix, sys.executable, "-c", program, *map(str, args)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
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
