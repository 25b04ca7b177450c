"""A job is fetched and billed when all that sending it needed is gone."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backends.ibm_runtime.service import ServiceBackend
from escalation.engine.reconcile import reconcile
from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from escalation.model.amounts import Caps
from escalation.model.case import CaseInfo, WorkKey
from escalation.model.errors import Waiting
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.problem import Problem, Target
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.policy.rules import SubmissionRules
from escalation.submission.context import SubmissionContext
from escalation.submission.drive import Pace, drive
from practice import Practice
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

KEY = WorkKey("c", 0, 0)
SPEC = "ibm_runtime:practice_boston"
USD_PER_S = 1.6
VISITS = 200


def opened(known: Settings) -> SqlLedger:
    """A ledger with a case whose policy names a family that nobody has."""
    ledger = SqlLedger(known.ledger, FileStore(known.store))
    problem = Problem(family="gone", instance={}, target=Target(metric="m", at_least=1))
    digests = dict.fromkeys(("problem_digest", "instance_digest", "policy_digest"), "0" * 64)
    about: dict[str, Any] = {"instance": {}, "environment": {}, "policy_name": "gone"}
    policy = "policy: gone\ngates: [{id: g, when: {fact: gone.size, at_most: 1}}]\n"
    case = {"case_id": "c", "problem": problem, "policy_text": policy, **digests, **about}
    ledger.open_case(CaseInfo.model_validate(case))
    return ledger


def send(ledger: SqlLedger, backend: ServiceBackend, work: CircuitBatch) -> None:
    """Hands the work off, and leaves its job to others."""
    ledger.intend(KEY, work, SPEC)
    row = ledger.want_submission(KEY, work.digest, SPEC, 0.0)
    context = SubmissionContext(
        ledger=ledger,
        store=FileStore(backend.settings.store),
        backend=backend,
        work=work,
        rules=SubmissionRules(wait_s=0.001),
        settings=backend.settings,
        clock=lambda: 0.0,
        stop=threading.Event(),
        limit=Caps(qpu_s=60, usd=100),
    )
    with pytest.raises(Waiting):
        drive(context, row, Pace(lambda progress: None))


def visited(known: Settings, backend: ServiceBackend) -> tuple[Submission, SqlLedger]:
    """Another process looks after it until it is over."""
    ledger = SqlLedger(known.ledger, FileStore(known.store))
    runtime = Runtime(
        settings=known,
        ledger=ledger,
        store=FileStore(known.store),
        tracker=type("Nobody", (), {"sweep": lambda self: None})(),
        render=None,  # type: ignore[arg-type]
        _backends={SPEC: backend},
    )
    for _ in range(VISITS):
        report = reconcile(runtime)
        assert report.errors == ()
        row = ledger.submissions()[0]
        if row.state.final or row.state is S.PARKED:
            break
    return row, ledger


def test_a_job_outlives_its_device_its_price_its_instance_its_policy_and_its_problems_family(
    practice: Practice, open_device: Callable[..., ServiceBackend], bell: CircuitBatch, tmp_path: Path
) -> None:
    practice.control.reset(noise=False, hold=True)
    quick = {"settle_s": 60.0, "poll_s": 0.05, "usage_s": 0.0}
    then = open_device(ibm_instance="crn:v1:then", **quick)
    ledger = opened(then.settings)
    send(ledger, then, bell)
    ledger.close()
    practice.control.retire("practice_boston")
    practice.control.release()

    now = open_device(usd_per_qpu_s=99.0, ibm_instance="crn:v1:now", **quick)
    row, books = visited(now.settings, now)
    assert (row.state, row.sends, row.incidents) == (S.DONE, 1, ())
    found = books.find_result(KEY, bell)
    assert found is not None
    assert found.ok
    assert found.provenance["instance"] == "crn:v1:then"
    charged_s = practice.control.totals()["charged_s"]
    assert row.price is not None
    assert row.price.expected.usd == pytest.approx(USD_PER_S * row.price.expected.qpu_s)
    assert books.spent("c").qpu_s == charged_s
    assert books.spent("c").usd == pytest.approx(USD_PER_S * charged_s)  # as approved, not at 99 USD
    books.close()
