"""Carries out one item of `Perform`: runs the work on its backend, or returns the result that is recorded."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from escalation.engine.ladder import LEAST_S, Case, Item
from escalation.engine.question import Asking, about_payload, about_work
from escalation.engine.runtime import Listener, Runtime
from escalation.inputs.site import Site
from escalation.model.case import WorkKey
from escalation.model.clock import boottime_s
from escalation.model.errors import BackendError, Faulted, Held, Interrupted
from escalation.model.job_state import JobState
from escalation.model.result import Lost, RawResult
from escalation.model.submission import Approval, Submission, Word
from escalation.model.usage import Usage
from escalation.model.work import Work
from escalation.policy import floor
from escalation.ports.machines import Backend, Machine
from escalation.ports.paid import PaidBackend
from escalation.submission.carry import Call, Pace, carry, directly
from escalation.submission.context import Handing


def carry_out_item(
    runtime: Runtime, case: Case, item: Item, listener: Listener, call: Call = directly
) -> RawResult:
    """Runs one piece of work, or returns the result that is recorded.

    Args:
        runtime: carries it out.
        case: that it belongs to.
        item: what to run and where.
        listener: is told of progress.
        call: carries out the stretches of a submission; see `escalation.submission.carry.Call`.

    Raises:
        Interrupted: when the runtime was told to stop.
        Paused: when a person or `reconcile` has to do something first.
    """
    ledger = runtime.ledger
    result = ledger.find_result(item.key, item.work)
    if result is not None:
        return result
    ledger.intend(item.key, item.work, item.backend)
    machine = runtime.backend(item.backend)
    if isinstance(machine, PaidBackend):
        return _submission(runtime, case, item, machine, Pace(partial(listener.progress, item), call))
    result = _disallowed(runtime, case, item, machine)
    item = _as_of_now(runtime, case, item)
    result = result or _run(runtime, case, item, cast(Backend, machine), listener)
    ledger.settle(item.key, result)
    return result


def _submission(runtime: Runtime, case: Case, item: Item, machine: PaidBackend, pace: Pace) -> RawResult:
    now = runtime.clock()
    row = runtime.ledger.want_submission(item.key, item.work.digest, item.backend, now)
    handing = Handing(
        ledger=runtime.ledger,
        store=runtime.store,
        backend=machine.at(row.frozen) or machine,
        work=item.work,
        rules=case.policy.submission,
        settings=runtime.settings,
        clock=runtime.clock,
        stop=runtime.stop,
        limit=case.budget,
        since=runtime.instant(),
        instant=runtime.instant,
        question=partial(_question, runtime, case, item, machine),
        quote=item.quote,
    )
    return carry(handing, row, pace)


def _question(
    runtime: Runtime, case: Case, item: Item, machine: PaidBackend, row: Submission
) -> Approval | None:
    """The question to a person about frozen work; None where neither policy nor floor wants a word."""
    assert row.price is not None
    hardware = floor.is_hardware(machine, item.backend)
    site = Site.of(runtime.settings, ())
    below = hardware and site.wants_word(row.price.cap_usd)
    if not (item.asks or below):
        return None
    rules = (floor.APPROVAL,) if below else ()
    asking = Asking(runtime.clock(), runtime.settings.question_h, hardware, rules)
    return about_payload(case, item, row, asking)


def _disallowed(runtime: Runtime, case: Case, item: Item, machine: Machine) -> RawResult | None:
    """Has a person asked about free work where the policy wants it; a failed result when the word is no.

    What is hardware and does not go through the submission is never used: nothing would count what it costs.
    """
    if floor.is_hardware(machine, item.backend):
        return RawResult(
            JobState.FAILED, error=f"{item.backend} is hardware, and has nothing by which work is paid for"
        )
    if not item.asks:
        return None
    now = runtime.clock()
    asking = Asking(now, runtime.settings.question_h)
    word = runtime.ledger.consult(about_work(case, item, asking), now)
    if word.word is Word.ASK:
        raise Held(f"a person must approve {item.key} first: `tierwise approve {item.key.case_id}`")
    return None if word.word is Word.GRANTED else RawResult(JobState.FAILED, error=word.reason)


def _as_of_now(runtime: Runtime, case: Case, item: Item) -> Item:
    """The item with what the case's budget leaves it by what its user has waited, lost tries included."""
    limit, elapsed = case.budget.wall_s, runtime.elapsed(case.case_id)
    if limit is None or item.wall_s_left is None or elapsed is None:
        return item
    lost_s = sum(each.usage.wall_s for each in runtime.ledger.lost(item.key))  # `_capped` takes them off
    return replace(item, wall_s_left=min(item.wall_s_left, limit - elapsed.wall_s + lost_s))


TRIES = 3
"""How often work is sent, each time it is driven, before the machine is given up."""


def _run(runtime: Runtime, case: Case, item: Item, backend: Backend, listener: Listener) -> RawResult:
    """Has the work done; a try that the machine ended is noted, and made anew.

    Raises:
        Faulted: after `TRIES` such tries in a row.
    """
    for _ in range(TRIES):
        result = _try(runtime, item, backend, listener)
        if result.state is not JobState.FAULT:
            return replace(result, lost=tuple(runtime.ledger.lost(item.key)))
        runtime.ledger.lose(item.key, Lost(result.error or "lost", result.usage))
    raise Faulted.of(
        f"{item.label}, work {item.key.ordinal}, was ended {TRIES} times on {item.backend}",
        result.error,
        item.key.case_id,
    )


def _try(runtime: Runtime, item: Item, backend: Backend, listener: Listener) -> RawResult:
    """Follows what was sent before, else sends it; what the machine refuses, or loses, is a FAULT."""
    started_s = boottime_s()
    try:
        # Also after a failure: what was sent is followed first.
        result = _adopt(runtime, item, backend, listener) or _send(runtime, item, backend, listener)
    except BackendError as error:
        if not error.retry:
            raise
        result = _lost(runtime, item, backend, error)
    except OSError as error:
        result = _lost(runtime, item, backend, error)
    if result.state is JobState.FAULT and result.usage == Usage():  # nobody was left to measure: a bound
        wall_s, limits = boottime_s() - started_s, item.work.resources
        result = replace(result, usage=Usage(wall_s, wall_s * limits.ranks * limits.threads))
    return result


def _lost(runtime: Runtime, item: Item, backend: Backend, error: Exception) -> RawResult:
    """The fault that an error stands for; what may still run of the work is ended first."""
    handle = runtime.ledger.find_handle(item.key)
    if handle is not None:
        with suppress(BackendError, OSError):
            backend.cancel(handle)
    return RawResult(JobState.FAULT, error=" ".join(str(error).split()))


def _adopt(runtime: Runtime, item: Item, backend: Backend, listener: Listener) -> RawResult | None:
    """Takes up work that was sent before, by this process or an earlier one; None when it is to be sent.

    Work that was lost or stopped with its process is; what it used counts.
    """
    handle = runtime.ledger.find_handle(item.key)
    if handle is None:
        return None
    try:
        result = _follow(runtime, backend, handle, item, listener)
    except BackendError as error:
        result = RawResult(JobState.FAULT, error=str(error))
    if result.state not in (JobState.FAULT, JobState.CANCELLED):
        return result
    runtime.ledger.lose(item.key, Lost(result.error or str(result.state), result.usage))
    return None


def _send(runtime: Runtime, item: Item, backend: Backend, listener: Listener) -> RawResult:
    folder = _fresh_folder(runtime.settings.scratch, item.key)
    used_s = sum(each.usage.wall_s for each in runtime.ledger.lost(item.key))
    handle = backend.submit(_capped(item, used_s), folder)
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
        # own) stops the work; an ordinary error does not, because the work may yet succeed.
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


def _capped(item: Item, used_s: float) -> Work:
    """The same work, its time limit cut to what is left of the case's budget after its lost tries."""
    work, wall_s = item.work, item.wall_s_left
    if wall_s is None or wall_s - used_s >= work.resources.wall_s:
        return work
    left_s = max(wall_s - used_s, LEAST_S)
    return replace(work, resources=replace(work.resources, wall_s=left_s))
