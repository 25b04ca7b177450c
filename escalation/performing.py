"""Carries out one item of `Perform`: runs the work on its backend, or returns the result that is recorded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from escalation.attempt import Cost
from escalation.calibration import DeviceKind
from escalation.case import WorkKey
from escalation.errors import BackendError, Interrupted
from escalation.ladder import Case, Item
from escalation.protocols import Backend
from escalation.runtime import Listener, Runtime
from escalation.work import JobState, RawResult, Work


def carry_out_item(runtime: Runtime, case: Case, item: Item, listener: Listener) -> RawResult:
    """Runs one piece of work, or returns the result that is recorded.

    Raises:
        escalation.errors.Interrupted: when the runtime was told to stop.
    """
    ledger = runtime.ledger
    result = ledger.find_result(item.key, item.work)
    if result is not None:
        return result
    ledger.intend(item.key, item.work, item.backend)
    backend = runtime.backend(item.backend)
    result = _within_budget(runtime, case, item, backend) or _run(runtime, case, item, backend, listener)
    used = Cost(qpu_s=result.usage.qpu_s, usd=result.usage.usd)
    ledger.spend(item.key, used)
    ledger.settle(item.key, result)
    return result


def _within_budget(runtime: Runtime, case: Case, item: Item, backend: Backend) -> RawResult | None:
    """Sets money and QPU seconds aside; a failed result when the budget or the quote has no room.

    What was sent already is paid for whatever it would be estimated at now: it is only followed.
    """
    if backend.kind is not DeviceKind.HARDWARE or runtime.ledger.find_handle(item.key) is not None:
        return None
    estimate = backend.estimate(item.work)
    if estimate.qpu_s is None or estimate.usd is None or item.quote.qpu_s is None or item.quote.usd is None:
        return RawResult(JobState.FAILED, error="its price is unknown, so it was not sent")
    amount = Cost(qpu_s=estimate.qpu_s, usd=estimate.usd)
    price = f"{amount.qpu_s:g} QPU seconds and {amount.usd:.2f} USD"
    if amount.qpu_s > item.quote.qpu_s or amount.usd > item.quote.usd:
        return RawResult(JobState.FAILED, error=f"{price} are more than was quoted, so it was not sent")
    if runtime.ledger.reserve(item.key, amount, case.budget):
        return None
    return RawResult(JobState.FAILED, error=f"{price} do not fit the budget, so it was not sent")


def _run(runtime: Runtime, case: Case, item: Item, backend: Backend, listener: Listener) -> RawResult:
    for again in range(_SUBMISSIONS):
        try:
            # Also after a failure: what was sent is followed first, so that it is not paid for again.
            adopted = _adopt(runtime, item, backend, listener)
            return adopted if adopted is not None else _send(runtime, case, item, backend, listener)
        except BackendError as error:
            if not error.retry or again == _SUBMISSIONS - 1:
                raise
    raise AssertionError("unreachable")


_SUBMISSIONS = 3


def _adopt(runtime: Runtime, item: Item, backend: Backend, listener: Listener) -> RawResult | None:
    """Takes up work that was sent before, by this process or an earlier one; None when it is to be sent.

    Free work that was lost or stopped with its process is. Paid work is never sent twice on a guess.
    """
    handle = runtime.ledger.find_handle(item.key)
    if handle is None:
        return None
    try:
        result = _follow(runtime, backend, handle, item, listener)
    except BackendError:
        if backend.kind is DeviceKind.HARDWARE:
            raise
        return None
    stopped = result.state is JobState.CANCELLED and backend.kind is not DeviceKind.HARDWARE
    return None if stopped else result


def _send(runtime: Runtime, case: Case, item: Item, backend: Backend, listener: Listener) -> RawResult:
    folder = _fresh_folder(runtime.settings.scratch, item.key)
    handle = backend.submit(_capped(item), folder)
    runtime.ledger.submitted(item.key, handle)
    return _follow(runtime, backend, handle, item, listener)


def _follow(
    runtime: Runtime, backend: Backend, handle: Mapping[str, Any], item: Item, listener: Listener
) -> RawResult:
    try:
        while True:
            if runtime.stop.is_set():
                raise Interrupted(f"{item.label} was stopped")
            progress = backend.wait(handle, _WAIT_S)
            listener.progress(item, progress)
            if progress.state.final:
                return backend.result(handle)
    except BaseException as reason:
        # Whatever stops the driver (Ctrl-C, a signal that an orchestrator turned into an exception of its
        # own) stops the work; an ordinary error does not, because work that was paid for may yet succeed.
        if isinstance(reason, Interrupted) or not isinstance(reason, Exception):
            backend.cancel(handle)
        raise


_WAIT_S = 0.5


def _fresh_folder(scratch: Path, key: WorkKey) -> Path:
    """Makes a folder that no earlier try of the same work has touched."""
    base = scratch / key.case_id
    for again in range(1000):
        folder = base / f"{key.attempt}-{key.ordinal}-{again}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise BackendError(f"{base}: expected at most 1000 tries of one piece of work")


def _capped(item: Item) -> Work:
    """The same work, its time limit cut to what is left of the case's budget."""
    work, wall_s = item.work, item.wall_s_left
    if wall_s is None or wall_s >= work.resources.wall_s:
        return work
    return replace(work, resources=replace(work.resources, wall_s=wall_s))
