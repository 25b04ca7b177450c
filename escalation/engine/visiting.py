"""Looks after the open submissions of one case, each as far as it goes at once."""

from collections.abc import Iterator

from escalation.engine.runtime import Runtime
from escalation.engine.visit import CaseVisit, Seen
from escalation.model.amounts import Caps
from escalation.model.case import CaseInfo
from escalation.model.errors import BackendError, CaseConflict, Moved, TierwiseError
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.policy.policy import parse_policy
from escalation.policy.rules import SubmissionRules
from escalation.ports.paid import PaidBackend
from escalation.submission.context import Step, SubmissionContext
from escalation.submission.drive import led_on
from escalation.submission.steps import Take, next_step

TIMES = 3
"""Times that a step is tried in one visit where it may succeed in a moment."""
LONGEST_NAP_S = 2.0
"""Between those; nothing else is waited for."""
NEVER_SENT = frozenset({S.WANTED, S.FROZEN, S.ASKED, S.AUTHORISED, S.FENCED})


def visit(runtime: Runtime, case_id: str) -> CaseVisit:
    """Takes a case's lease, takes its open submissions as far as they go, and gives the lease back.

    Where there is nothing to do, what is open is only told: whoever takes the case up must not find it busy.
    """
    try:
        rows = [row for row in runtime.ledger.submissions(case_id) if not row.state.final]
        if not any(map(_to_move, rows)):
            return CaseVisit(case_id=case_id, seen=tuple(Seen(before=row.state, row=row) for row in rows))
        runtime.ledger.take_over(case_id)
    except CaseConflict as busy:
        return CaseVisit(case_id=case_id, busy=str(busy))
    except Exception as error:
        return CaseVisit(case_id=case_id, error=_line(error))
    # A lease that is lost ends this visit, not the others.
    own = runtime.alone()
    try:
        with own.heartbeat(case_id):
            return CaseVisit(case_id=case_id, seen=tuple(_look_after(own, case_id)))
    except Exception as error:
        return CaseVisit(case_id=case_id, error=_line(error))
    finally:
        runtime.ledger.let_go(case_id)


def _look_after(runtime: Runtime, case_id: str) -> Iterator[Seen]:
    rules = _rules(runtime.ledger.case(case_id).info)
    for row in runtime.ledger.submissions(case_id):
        if not row.state.final:
            yield _look(runtime, row, rules)


def _rules(info: CaseInfo) -> SubmissionRules:
    """How the case's policy wants jobs followed; a policy that says nothing any more keeps no job waiting.

    It may name a family or a backend that is gone, and a job that is paid for has to be fetched all the same.
    """
    try:
        return parse_policy(info.policy_text, info.policy_name).policy.submission
    except TierwiseError:
        return SubmissionRules()


def _look(runtime: Runtime, row: Submission, rules: SubmissionRules) -> Seen:
    did, error = [], ""
    try:
        if _to_move(row):
            for name, now in _go_on(_context(runtime, row, rules), row):
                did.append(f"{name}: {now.state}")
    except Exception as problem:
        error = _line(problem)
    now = runtime.ledger.find_submission(row.key) or row
    new = now.incidents[len(row.incidents) :]
    return Seen(before=row.state, row=now, did=tuple(did), incidents=new, error=error)


def _to_move(row: Submission) -> bool:
    """Whether there is anything to do here: what was never sent is its case's, what is parked a person's."""
    if row.state.final or row.state is S.PARKED:
        return False
    return row.cancel_wanted or row.state not in NEVER_SENT


def _context(runtime: Runtime, row: Submission, rules: SubmissionRules) -> SubmissionContext:
    machine = runtime.backend(row.backend)
    if not isinstance(machine, PaidBackend):
        raise BackendError(f"{row.backend}: expected a backend that charges, got one that does not")
    return SubmissionContext(
        ledger=runtime.ledger,
        store=runtime.store,
        backend=machine.at(row.frozen) or machine,
        work=runtime.ledger.find_work(row.key),
        rules=rules,
        settings=runtime.settings,
        clock=runtime.clock,
        stop=runtime.stop,
        limit=Caps(),  # what asks for it comes before anything is sent, and is the case's
        instant=runtime.instant,
    )


def _go_on(ctx: SubmissionContext, row: Submission) -> Iterator[tuple[str, Submission]]:
    """Takes steps as long as they lead somewhere; what may pass in a moment is tried a few times."""
    tries = 0
    while _to_move(row) and not ctx.stop.is_set():
        name, take = next_step(ctx, row)
        tries += 1
        step = _try(ctx, row, take, last=tries >= TIMES)
        if step is not None:
            yield name, step.row
            if not led_on(ctx, step.row, name) and not _worth_asking(ctx, step.row, tries):
                return
        now = step.row if step is not None else ctx.ledger.find_submission(row.key) or row
        if led_on(ctx, now, name):
            tries = 0
        else:
            ctx.stop.wait(min(step.nap_s, LONGEST_NAP_S) if step is not None else LONGEST_NAP_S)
        row = now


def _try(ctx: SubmissionContext, row: Submission, take: Take, *, last: bool) -> Step | None:
    """Takes a step; None where it failed in a way that may pass, and another try is left."""
    try:
        return take(ctx, row)
    except (BackendError, Moved) as error:
        if last or not (isinstance(error, Moved) or error.retry):
            raise
        return None


def _worth_asking(ctx: SubmissionContext, row: Submission, asked: int) -> bool:
    """Whether a job is asked after again at once: it was told to stop, is unknown, or cannot be read."""
    if row.state is not S.SUBMITTED:
        return False
    if ctx.unreadable:
        return True  # `fetch` parks it after some
    return asked < TIMES and (row.cancel_wanted or bool(row.astray))


def _line(error: Exception) -> str:
    """In one line, and of foreign errors the kind alone: their text may hold anything."""
    return " ".join(str(error).split()) if isinstance(error, TierwiseError) else type(error).__name__
