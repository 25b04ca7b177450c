"""The strategy `Fence`: a job goes into a batch of its own, which is closed as soon as there is any doubt."""

from escalation.model.errors import BackendError
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState as S
from escalation.ports.paid import FencedBackend
from escalation.submission.context import Handing, Step, end, move
from escalation.submission.doubt import listing, nothing_there, other_strategy
from escalation.submission.posting import forbidden, not_yet, submit

NAME = "fence"
BATCH_S = 300.0
"""Seconds after which an unused batch is given up: services close idle batches by themselves."""


def open_batch(h: Handing, row: Submission) -> Step:
    """Opens a batch and records it, before anything is sent into it; not before the service wants one."""
    if instead := not_yet(h, row):
        return instead
    opened = _machine(h).open_batch()
    return Step(move(h, row, S.FENCED, batches=(*row.batches, opened), batch_closed_at=None, settling=()))


def send(h: Handing, row: Submission) -> Step:
    """POSTs the frozen bytes into the batch, once; the intention to do so is in the ledger before."""
    if row.cancel_wanted:
        return end(h, row, S.CANCELLED, "cancelled before anything was sent")
    age_s, why = h.age_s(row.entered), forbidden(h, row)  # the next step says no
    if why or age_s is None or age_s > BATCH_S:
        return Step(move(h, row, S.AUTHORISED, reason=why))
    machine, batch = _machine(h), row.batch
    assert batch is not None
    return submit(h, row, lambda payload: machine.send(payload, batch), S.FENCED, exactly_once=NAME)


def find_out(h: Handing, row: Submission) -> Step:
    """Closes the batch, lists, adopts; more only when nothing is listed after the settling time."""
    if changed := other_strategy(h, row, NAME):
        return changed
    row, closed = _closed(h, row)
    unsettled = f"the service does not confirm that batch {row.batch} is closed"
    settling = row.settling if closed else ()
    return listing(h, row, settling, h.settings.settle_s, unsettled) or nothing_there(h, row)


def _closed(h: Handing, row: Submission) -> tuple[Submission, bool]:
    """Has the last batch closed; whether the service confirms it. What cannot be asked is not confirmed."""
    if row.batch_closed_at is None:
        assert row.batch is not None
        try:
            if not _machine(h).close_batch(row.batch):
                return row, False
        except BackendError:
            return row, False
        row = h.ledger.amend(row, batch_closed_at=h.clock())
    return h.ledger.amend(row, settling=h.mark(row.settling)), True


def _machine(h: Handing) -> FencedBackend:
    assert isinstance(h.backend, FencedBackend)
    return h.backend
