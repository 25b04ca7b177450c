"""Takes up the submissions that no living process looks after, and takes each as far as it goes at once.

What was sent is adopted, fetched, settled and billed here. What was never sent is left to its case, which
`ready` names as soon as nothing of it is open at a service or before a person.
"""

from collections.abc import Iterator

from pydantic import Field

from escalation.engine.runtime import Runtime
from escalation.model.amounts import Caps
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus
from escalation.model.errors import BackendError, CaseConflict, Moved, TierwiseError
from escalation.model.frozen import Frozen
from escalation.model.submission import Approval, ApprovalState, Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.policy.policy import parse_policy
from escalation.policy.rules import SubmissionRules
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.ledger.submissions import SubmissionLedger
from escalation.ports.paid import PaidBackend
from escalation.submission.carry import led_on
from escalation.submission.context import Handing, Step
from escalation.submission.steps import Take, next_step

TIMES = 3
"""Times that a step is tried in one visit where it may succeed in a moment."""
LONGEST_NAP_S = 2.0
"""Between those; nothing else is waited for."""
NEVER_SENT = frozenset({S.WANTED, S.FROZEN, S.ASKED, S.AUTHORISED, S.FENCED})
AT_THE_SERVICE = frozenset({S.SENDING, S.DOUBTED, S.SUBMITTED, S.FETCHED, S.PARKED})
"""Where a case cannot go on before somebody has learnt what became of it."""


class Seen(Frozen):
    """What became of one submission."""

    before: S
    row: Submission = Field(description="As it is now.")
    did: tuple[str, ...] = Field((), description="The steps taken, each with where it led.")
    incidents: tuple[str, ...] = Field((), description="New ones.")
    error: str = Field("", description="What kept it from going on.")

    @property
    def parked(self) -> bool:
        """Whether a person has to look at it."""
        return self.row.state is S.PARKED


class Visit(Frozen):
    """What was done for one case."""

    case_id: str
    seen: tuple[Seen, ...] = ()
    busy: str = Field("", description="The living process that runs the case: nothing was touched.")
    error: str = Field("", description="Why nothing could be done.")


class Report(Frozen):
    """What `reconcile` found and did."""

    visits: tuple[Visit, ...] = ()
    ready: tuple[str, ...] = Field((), description="Cases that wait for nothing any more.")
    expired: tuple[Approval, ...] = Field((), description="Questions nobody answered in time: they mean no.")

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every submission looked at."""
        return tuple(each for visit in self.visits for each in visit.seen)

    @property
    def errors(self) -> tuple[str, ...]:
        """What went wrong, a line each."""
        cases = [f"{visit.case_id}: {visit.error}" for visit in self.visits if visit.error]
        return (*cases, *(f"{each.row.key}: {each.error}" for each in self.seen if each.error))


def reconcile(runtime: Runtime) -> Report:
    """Looks after every case that has a submission open; one that fails does not keep the others from it.

    Raises:
        KeyboardInterrupt: when it is stopped; leases are given back, and what was done stays done.
    """
    visits = []
    for case_id in open_cases(runtime.ledger):
        if runtime.stop.is_set():
            break
        visits.append(visit(runtime, case_id))
    return report(runtime, visits)


def report(runtime: Runtime, visits: list[Visit]) -> Report:
    """Sums the visits up, with what can go on now and which questions stand no more; has bills logged."""
    if any(each.did for visit in visits for each in visit.seen):
        runtime.tracker.sweep()
    now = runtime.clock()
    return Report(
        visits=tuple(visits), ready=ready(runtime.ledger, now), expired=expired(runtime.ledger, now)
    )


def open_cases(ledger: SubmissionLedger) -> tuple[str, ...]:
    """The cases that have a submission which is not final, in the order of their oldest one."""
    return tuple(dict.fromkeys(row.case_id for row in ledger.submissions() if not row.state.final))


def ready(ledger: Ledger, now: float) -> tuple[str, ...]:
    """The cases that paused for a job or a person, and wait for neither any more; oldest first.

    With them those whose driver was stopped while paid work was under way, which is billed by now.
    """
    asked = {each.case_id for each in ledger.approvals() if _unanswered(each) and now < each.expires_at}
    away = {row.case_id for row in ledger.submissions() if row.state in AT_THE_SERVICE}
    billed = {row.case_id for row in ledger.submissions() if row.state is S.DONE}
    paused = [
        record.info.case_id
        for record in ledger.cases()
        if _paused(record) or (record.info.case_id in billed and _left(record))
    ]
    return tuple(case_id for case_id in reversed(paused) if case_id not in asked | away)


def expired(ledger: Ledger, now: float) -> tuple[Approval, ...]:
    """The questions of unfinished cases that nobody answered in time. The case closes them as refused."""
    late = [each for each in ledger.approvals() if _unanswered(each) and now >= each.expires_at]
    return tuple(each for each in late if not ledger.case(each.case_id).status.final)


def visit(runtime: Runtime, case_id: str) -> Visit:
    """Takes a case's lease, takes its open submissions as far as they go, and gives the lease back.

    Where there is nothing to do, what is open is only told: whoever takes the case up must not find it busy.
    """
    try:
        rows = [row for row in runtime.ledger.submissions(case_id) if not row.state.final]
        if not any(map(_to_move, rows)):
            return Visit(case_id=case_id, seen=tuple(Seen(before=row.state, row=row) for row in rows))
        runtime.ledger.take_over(case_id)
    except CaseConflict as busy:
        return Visit(case_id=case_id, busy=str(busy))
    except Exception as error:
        return Visit(case_id=case_id, error=_line(error))
    # A lease that is lost ends this visit, not the others.
    own = runtime.alone()
    try:
        with own.heartbeat(case_id):
            return Visit(case_id=case_id, seen=tuple(_look_after(own, case_id)))
    except Exception as error:
        return Visit(case_id=case_id, error=_line(error))
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
            for name, now in _go_on(_handing(runtime, row, rules), row):
                did.append(f"{name}: {now.state}")
    except Exception as problem:
        error = _line(problem)
    found = runtime.ledger.find_submission(row.key) or row
    new = found.incidents[len(row.incidents) :]
    return Seen(before=row.state, row=found, did=tuple(did), incidents=new, error=error)


def _to_move(row: Submission) -> bool:
    """Whether there is anything to do here: what was never sent is its case's, what is parked a person's."""
    if row.state.final or row.state is S.PARKED:
        return False
    return row.cancel_wanted or row.state not in NEVER_SENT


def _handing(runtime: Runtime, row: Submission, rules: SubmissionRules) -> Handing:
    machine = runtime.backend(row.backend)
    if not isinstance(machine, PaidBackend):
        raise BackendError(f"{row.backend}: expected a backend that charges, got one that does not")
    return Handing(
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


def _go_on(h: Handing, row: Submission) -> Iterator[tuple[str, Submission]]:
    """Takes steps as long as they lead somewhere; what may pass in a moment is tried a few times."""
    tries = 0
    while _to_move(row) and not h.stop.is_set():
        name, take = next_step(h, row)
        tries += 1
        step = _try(h, row, take, last=tries >= TIMES)
        if step is not None:
            yield name, step.row
            if not led_on(h, step.row, name) and not _worth_asking(h, step.row, tries):
                return
        now = step.row if step is not None else h.ledger.find_submission(row.key) or row
        if led_on(h, now, name):
            tries = 0
        else:
            h.stop.wait(min(step.nap_s, LONGEST_NAP_S) if step is not None else LONGEST_NAP_S)
        row = now


def _try(h: Handing, row: Submission, take: Take, *, last: bool) -> Step | None:
    """Takes a step; None where it failed in a way that may pass, and another try is left."""
    try:
        return take(h, row)
    except (BackendError, Moved) as error:
        if last or not (isinstance(error, Moved) or error.retry):
            raise
        return None


def _worth_asking(h: Handing, row: Submission, asked: int) -> bool:
    """Whether a job is asked after again at once: it was told to stop, is unknown, or cannot be read."""
    if row.state is not S.SUBMITTED:
        return False
    if h.unreadable:
        return True  # `fetch` parks it after some
    return asked < TIMES and (row.cancel_wanted or bool(row.astray))


def _unanswered(approval: Approval) -> bool:
    return approval.state is ApprovalState.ASKED


def _paused(record: CaseRecord) -> bool:
    """Whether a case was left waiting; one that is held by a decision of the policy is not."""
    if record.status is CaseStatus.HELD:
        return bool((record.outcome or {}).get("paused"))
    return record.status is CaseStatus.WAITING


def _left(record: CaseRecord) -> bool:
    """Whether a case's driver went in the middle; one that gave the machine up waits for a person."""
    gave_up = bool((record.outcome or {}).get("status") == CaseStatus.INTERRUPTED)
    return record.status is CaseStatus.INTERRUPTED and not gave_up


def _line(error: Exception) -> str:
    """In one line, and of foreign errors the kind alone: their text may hold anything."""
    return " ".join(str(error).split()) if isinstance(error, TierwiseError) else type(error).__name__


__all__ = ["Report", "Seen", "Visit", "expired", "open_cases", "ready", "reconcile", "report", "visit"]
