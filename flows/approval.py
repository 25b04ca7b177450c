"""Asks a person in Prefect's pages: the flow run pauses with a form, and goes on when it is answered.

Prefect's basic authentication is one shared credential, so it does not say who answered: the form asks for a
name, and the ledger records what was typed. `tierwise approve CASE` answers the same question, and ends the
pause too. No answer means no: the pause ends, the case is held, and the question stands until it expires.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Running as RunningState
from pydantic import Field, ValidationError

from escalation.engine.runtime import Runtime
from escalation.model.errors import BadInput
from escalation.model.submission import Approval, ApprovalState
from escalation.ports.ledger.budgets import BudgetLedger
from flows.question import question_in_brief, show_question

LOOK_S = 2
"""Seconds between two looks whether somebody answered."""
GRACE_S = 3600
"""Prefect fails a run whose pause expires. Ours is ended by us, well before."""


class ApprovalForm(RunInput):
    """What the person fills in."""

    approve: bool = Field(False, description="On: it is sent. Off: that is a no, for good.")
    name: str = Field(min_length=1, title="Your name", description="For the record; Prefect does not know.")
    reason: str = Field("", title="Why", description="For the record.")


def ask_about(runtime: Runtime, case_id: str, wait_s: float) -> bool:
    """Asks for a person's word on every question of the case that stands; whether all of them were answered.

    Args:
        runtime: with the ledger.
        case_id: the case.
        wait_s: seconds to wait for each answer; at 0 nobody is asked here.
    """
    standing = [
        question for question in runtime.ledger.approvals(case_id) if _stands(question, runtime.clock())
    ]
    return bool(standing) and wait_s > 0 and all(_ask(runtime, question, wait_s) for question in standing)


def _ask(runtime: Runtime, question: Approval, wait_s: float) -> bool:
    left_s = min(wait_s, question.expires_at - runtime.clock())
    answer = _form(question, left_s, lambda: not _stands_in(runtime.ledger, question))
    if answer is None:
        return not _stands_in(runtime.ledger, question)
    with suppress(BadInput):  # answered elsewhere, or too old, in that very moment: the ledger decides
        runtime.ledger.answer(
            question.approval_id,
            granted=answer.approve,
            by=answer.name,
            reason=answer.reason,
            now=runtime.clock(),
            known_as=f"whoever has the one credential of Prefect's page, in flow run {flow_run.id}",
        )
    return True


def _form(question: Approval, left_s: float, answered: Callable[[], bool]) -> ApprovalForm | None:
    """Pauses the flow run with the form; None when nobody filled it in."""
    get_run_logger().warning(
        "a person must approve %s: press ⋮ → Resume, or run `tierwise approve %s`",
        question.key,
        question.case_id,
    )
    show_question(question)
    form = ApprovalForm.with_initial_data(description=question_in_brief(question))
    try:
        with _ended_after(UUID(str(flow_run.id)), left_s, answered):
            # A key of its own: a run that Prefect starts again must not be given an old answer.
            return pause_flow_run(
                wait_for_input=form,
                timeout=math.ceil(left_s) + GRACE_S,
                poll_interval=LOOK_S,
                key=f"{question.approval_id}-{uuid4().hex[:8]}",
            )
    except (ValidationError, FlowPauseTimeout, RuntimeError):  # no input; or the server lets nobody pause it
        return None


@contextmanager
def _ended_after(run: UUID, left_s: float, answered: Callable[[], bool]) -> Iterator[None]:
    """Ends the run's pause when the time is over, or somebody answered elsewhere."""
    over, until = threading.Event(), time.monotonic() + left_s

    def watch() -> None:
        while not over.wait(LOOK_S):
            with suppress(Exception):  # a server or a ledger that is busy: the next look may get through
                if time.monotonic() >= until or answered():
                    _go_on(run)
                    return

    # In a copy of the context, because Prefect keeps its settings there.
    thread = threading.Thread(target=copy_context().run, args=(watch,), name="approval", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _go_on(run: UUID) -> None:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run).state
        if state is not None and state.is_paused():  # a run that is being cancelled stays that
            client.set_flow_run_state(run, RunningState())


def _stands(question: Approval, now: float) -> bool:
    return question.state is ApprovalState.ASKED and now < question.expires_at


def _stands_in(ledger: BudgetLedger, question: Approval) -> bool:
    """Whether nobody has answered it yet."""
    questions = ledger.approvals(question.case_id)
    return any(
        earlier.approval_id == question.approval_id and earlier.state is ApprovalState.ASKED
        for earlier in questions
    )
