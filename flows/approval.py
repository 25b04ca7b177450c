"""Asks a person in Prefect's pages: the flow run pauses with a form, and goes on when it is answered.

Prefect's basic authentication is one shared credential, so it does not say who answered: the form asks for a
name, and the ledger records what was typed, with who was signed in behind `tierwise serve`.
`tierwise approve CASE` answers the same question, and ends the pause too. No answer means no: the pause ends,
the case is held, and the question stands until it expires.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from enum import StrEnum
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Running as RunningState
from pydantic import Field, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from escalation.engine.runtime import Runtime
from escalation.model.errors import BadInput
from escalation.model.submission import Approval, ApprovalState
from escalation.ports.ledger.budgets import BudgetLedger
from flows.naming import tell
from flows.question import question_in_brief, show_question

LOOK_S = 2
"""Seconds between two looks whether somebody answered."""
GRACE_S = 3600
"""Prefect fails a run whose pause expires. Ours is ended by us, well before."""


class ApprovalReply(StrEnum):
    """What a person can say."""

    OPEN = "choose"
    APPROVE = "approve"
    DENY = "deny"


class ApprovalForm(RunInput):
    """What the person fills in.

    All that is needed has a default, which says nothing: of what is missing Prefect's dialog would say that
    it was taken. `wrong` tells, and it is asked for again.
    """

    answer: ApprovalReply = Field(
        ApprovalReply.OPEN,
        title="Your answer",
        description="approve: it is sent, once. deny: it is never sent, and the case goes on without.",
    )
    name: str = Field(
        "",
        title="Your name",
        description="For the record, beside the name that you are signed in with where you have one.",
    )
    reason: str = Field("", title="Why", description="For the record.")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        schema["required"] = ["answer", "name"]  # the page marks the others as optional
        return schema

    @property
    def wrong(self) -> str:
        """What is missing; empty where nothing is."""
        missing = ["choose approve or deny"] if self.answer is ApprovalReply.OPEN else []
        missing += [] if self.name.strip() else ["type your name"]
        return " and ".join(missing)


def ask_about(runtime: Runtime, case_id: str, about: str, wait_s: float) -> bool:
    """Asks for a person's word on every question of the case that stands; whether all of them were answered.

    Args:
        runtime: with the ledger.
        case_id: the case.
        about: what it is about.
        wait_s: seconds to wait for each answer; at 0 nobody is asked here.
    """
    standing = [
        question for question in runtime.ledger.approvals(case_id) if _stands(question, runtime.clock())
    ]
    return (
        bool(standing) and wait_s > 0 and all(_ask(runtime, question, about, wait_s) for question in standing)
    )


def _ask(runtime: Runtime, question: Approval, about: str, wait_s: float) -> bool:
    """Asks until what is filled in says yes or no, and who says so; or until the time is over."""
    get_run_logger().warning(
        "a person must approve %s: press ⋮ → Resume, or run `tierwise approve %s`",
        question.key,
        question.case_id,
    )
    tell(about, "waits for an approval")
    titled, until = show_question(question, about), runtime.clock() + wait_s
    wrong = ""
    while True:
        left_s = min(until, question.expires_at) - runtime.clock()
        brief = question_in_brief(question, titled, left_s, wrong)
        answer = _form(question, brief, left_s, lambda: not _stands_in(runtime.ledger, question))
        if answer is None:
            return not _stands_in(runtime.ledger, question)
        wrong = answer.wrong
        if not wrong:
            break
        get_run_logger().warning("the answer was not taken, and is asked for again: %s", wrong)
        tell(about, f"waits for an approval: {wrong}")
    with suppress(BadInput):  # answered elsewhere, or too old, in that very moment: the ledger decides
        runtime.ledger.answer(
            question.approval_id,
            granted=answer.answer is ApprovalReply.APPROVE,
            by=answer.name.strip(),
            reason=answer.reason,
            now=runtime.clock(),
            known_as=f"whoever signs in to Prefect's pages or has its credential, in flow run {flow_run.id}",
        )
    return True


def _form(question: Approval, brief: str, left_s: float, answered: Callable[[], bool]) -> ApprovalForm | None:
    """Pauses the flow run with the form; None when nobody filled it in."""
    form = ApprovalForm.with_initial_data(description=brief)
    try:
        with _ended_after(UUID(str(flow_run.id)), left_s, answered) as by_us:
            # A key of its own: a run that Prefect starts again must not be given an old answer.
            filled = pause_flow_run(
                wait_for_input=form,
                timeout=math.ceil(max(left_s, 0)) + GRACE_S,
                poll_interval=LOOK_S,
                key=f"{question.approval_id}-{uuid4().hex[:8]}",
            )
    except (ValidationError, FlowPauseTimeout, RuntimeError):  # no input; or the server lets nobody pause it
        return None
    # A pause that was ended without a form comes back as one that is empty.
    return None if by_us.is_set() else filled


@contextmanager
def _ended_after(run: UUID, left_s: float, answered: Callable[[], bool]) -> Iterator[threading.Event]:
    """Ends the run's pause when the time is over, or somebody answered elsewhere; yields whether it did."""
    over, ended, until = threading.Event(), threading.Event(), time.monotonic() + left_s

    def watch() -> None:
        while not over.wait(LOOK_S):
            with suppress(Exception):  # a server or a ledger that is busy: the next look may get through
                if time.monotonic() >= until or answered():
                    if _go_on(run):
                        ended.set()
                    return

    # In a copy of the context, because Prefect keeps its settings there.
    thread = threading.Thread(target=copy_context().run, args=(watch,), name="approval", daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()


def _go_on(run: UUID) -> bool:
    """Ends the pause, unless it is over already; whether it did."""
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run).state
        if state is None or not state.is_paused():  # a run that is being cancelled stays that
            return False
        client.set_flow_run_state(run, RunningState())
        return True


def _stands(question: Approval, now: float) -> bool:
    return question.state is ApprovalState.ASKED and now < question.expires_at


def _stands_in(ledger: BudgetLedger, question: Approval) -> bool:
    """Whether nobody has answered it yet."""
    questions = ledger.approvals(question.case_id)
    return any(
        earlier.approval_id == question.approval_id and earlier.state is ApprovalState.ASKED
        for earlier in questions
    )
