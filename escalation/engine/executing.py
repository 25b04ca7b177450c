"""Has free work done on its backend: sent, followed, adopted after a crash, made anew where it was lost."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

from escalation.engine.attempting import LEAST_S
from escalation.engine.running import Running
from escalation.engine.runtime import scratch_of
from escalation.engine.sender import SentWork, signed
from escalation.engine.steps import Item
from escalation.model.amounts import Amounts
from escalation.model.case import WorkKey
from escalation.model.clock import boottime_s
from escalation.model.errors import BackendError, BadInput, Faulted, Interrupted, one_line
from escalation.model.job_state import JobState
from escalation.model.report import CHECKPOINT
from escalation.model.result import Lost, RawResult
from escalation.model.work import Work
from escalation.ports.machines import Backend, DurableBackend, planned

TRIES = 3
"""How often work is sent, each time it is driven, before the machine is given up."""


AnyBackend = Backend | DurableBackend


def execute(running: Running, item: Item, backend: AnyBackend) -> RawResult:
    """Has the work done; a try that the machine ended is noted, and made anew.

    Raises:
        Faulted: after `TRIES` such tries in a row; at once where somebody cancelled it on the machine, or
            the machine refused it before anything was sent.
    """
    runtime = running.runtime
    for _ in range(TRIES):
        new = running.known.unrecorded("handle", item.key)
        result = _try(running, item, backend, new=new)
        if result.state not in (JobState.FAULT, JobState.CANCELLED):
            return result if new else replace(result, lost=tuple(runtime.ledger.lost(item.key)))
        runtime.ledger.lose(item.key, Lost(result.error or "lost", result.usage))
        if result.state is JobState.CANCELLED:  # somebody's will, which is not to be undone by trying again
            raise Faulted.by_a_person(
                f"{item.label}, work {item.key.ordinal}, was stopped on {item.backend} by somebody",
                result.error,
                item.key.case_id,
            )
    raise Faulted.of(
        f"{item.label}, work {item.key.ordinal}, was ended {TRIES} times on {item.backend}",
        result.error,
        item.key.case_id,
    )


def _try(running: Running, item: Item, backend: AnyBackend, *, new: bool) -> RawResult:
    """Follows what was sent before, else sends it; what the machine refuses, or loses, is a FAULT.

    Of what is new, nothing was sent before.
    """
    started_s = boottime_s()
    try:
        # Also after a failure: what was sent is followed first.
        adopted = None if new else _adopt(running, item, backend)
        result = adopted or _send(running, item, backend, new=new)
    except BackendError as error:
        if not error.retry:
            raise
        result = _lost(running, item, backend, one_line(error, typed=False))
    except OSError as error:
        result = _lost(running, item, backend, one_line(error, typed=False))
    if result.state is JobState.FAULT and result.usage == Amounts():  # nobody was left to measure: a bound
        result = replace(result, usage=item.work.resources.used_within(boottime_s() - started_s))
    return result


def _lost(running: Running, item: Item, backend: AnyBackend, why: str) -> RawResult:
    """The fault of work that nothing more comes of; what may still run of it is ended first."""
    handle = running.runtime.ledger.find_handle(item.key)
    if handle is not None:
        with suppress(BackendError, OSError):
            backend.cancel(handle)
    return RawResult(JobState.FAULT, error=why)


def _adopt(running: Running, item: Item, backend: AnyBackend) -> RawResult | None:
    """Takes up work that was sent before, by this process or another; None when it is to be sent.

    Work that was lost or stopped with its process is; what it used counts.
    """
    handle = running.runtime.ledger.find_handle(item.key)
    if handle is None:
        return None
    try:
        result = _follow(running, backend, handle, item)
    except BackendError as error:
        result = RawResult(JobState.FAULT, error=str(error))
    if result.state not in (JobState.FAULT, JobState.CANCELLED):
        return result
    running.runtime.ledger.lose(item.key, Lost(result.error or str(result.state), result.usage))
    return None


def _send(running: Running, item: Item, backend: AnyBackend, *, new: bool) -> RawResult:
    ledger = running.runtime.ledger
    lost = () if new else ledger.lost(item.key)
    with _taken(running, item):
        dear = _too_dear(running, item, sum(each.usage.usd for each in lost))
    if dear:
        return RawResult(JobState.FAILED, error=dear)
    work = _capped(item, sum(each.usage.wall_s for each in lost))
    scratch = backend.scratch if isinstance(backend, DurableBackend) else None
    name = running.runtime.ledger_name
    folder = _fresh_folder(scratch or running.runtime.settings.scratch, name, item.key)
    if isinstance(backend, DurableBackend):
        tag = item.key.tag(name, item.work.digest, len(lost))
        # Known before it is sent: whoever drives the case next follows it, and sends nothing twice.
        ledger.submitted(item.key, planned(folder, tag))
        with _stopping(running, backend, planned(folder, tag)), _taken(running, item):
            handle = backend.submit(work, folder, tag)
    else:
        with _taken(running, item):
            handle = signed(backend.submit(work, folder))
    ledger.submitted(item.key, handle)
    return _follow(running, backend, handle, item)


@contextmanager
def _taken(running: Running, item: Item) -> Iterator[None]:
    """Records that the machine, as it is set up, did not take the work: nothing was sent.

    Raises:
        Faulted: in its words; the machine put right, or what is asked of it, the case goes on.
    """
    try:
        yield
    except BackendError as error:
        if error.retry or isinstance(error, BadInput):
            raise
        why = one_line(error, typed=False)
        running.runtime.ledger.refuse(item.key, why)
        what = f"{item.label}, work {item.key.ordinal}, was not taken by {item.backend}"
        raise Faulted.not_taken(what, why, item.key.case_id) from None


def _too_dear(running: Running, item: Item, lost_usd: float) -> str:
    """Says that the money which is left does not pay for the work, and for what is sent beside it."""
    runtime = running.runtime
    if item.usd_left is None or not runtime.charges(item.backend):
        return ""
    placed = [each for each in (*item.beside, (item.work, item.backend)) if runtime.charges(each[1])]
    prices = [runtime.backend(spec).estimate(work).amounts.usd for work, spec in placed]
    left, wanted = max(item.usd_left - lost_usd, 0.0), sum(math.inf if usd is None else usd for usd in prices)
    if wanted <= left:
        return ""
    costs = f"may cost {wanted:.2f} USD" if math.isfinite(wanted) else "has no known price"
    return f"not sent: on {item.backend} it {costs}, and {left:.2f} USD of the budget are left"


def _follow(running: Running, backend: AnyBackend, handle: Mapping[str, Any], item: Item) -> RawResult:
    """Waits for the work, as long as it may still run."""
    sent = SentWork(handle, item)
    with _stopping(running, backend, handle):
        while True:
            if running.runtime.stop.is_set():
                raise Interrupted(f"{item.label} was stopped")
            # Asked before the work is: who ends in between may have ended the work before.
            may_run = isinstance(backend, DurableBackend) or sent.may_run()
            progress = backend.wait(handle, _WAIT_S if may_run else 0.0)
            running.listener.progress(item, progress)
            if progress.state.final:
                return backend.result(handle)
            if not may_run:
                return _lost(running, item, backend, sent.lost)


@contextmanager
def _stopping(running: Running, backend: AnyBackend, handle: Mapping[str, Any]) -> Iterator[None]:
    """Has whatever stops the driver (Ctrl-C, a signal that an orchestrator turned into an exception of its
    own) stop the work; an ordinary error does not, because the work may yet succeed. Nor does losing the case
    to another driver, who has adopted what lives on without this process."""
    try:
        yield
    except BaseException as reason:
        left = running.runtime.stop.leaves and isinstance(backend, DurableBackend)
        if not left and (isinstance(reason, Interrupted) or not isinstance(reason, Exception)):
            backend.cancel(handle)
        raise


_WAIT_S = 0.5


def _fresh_folder(scratch: Path, ledger: str, key: WorkKey) -> Path:
    """Makes a folder that no earlier try of the same work has touched; what the last kept goes along."""
    base = scratch_of(scratch, ledger, key.case_id)
    for again in range(1000):
        folder = base / f"{key.attempt}-{key.ordinal}-{again}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        with suppress(FileNotFoundError):
            copyfile(base / f"{key.attempt}-{key.ordinal}-{again - 1}" / CHECKPOINT, folder / CHECKPOINT)
        return folder
    raise BackendError(f"{base}: expected at most 1000 tries of one piece of work")


def _capped(item: Item, used_s: float) -> Work:
    """The same work, its time limit cut to what is left of the case's budget after its lost tries."""
    work, wall_s = item.work, item.wall_s_left
    if wall_s is None or wall_s - used_s >= work.resources.wall_s:
        return work
    return work.within(max(wall_s - used_s, LEAST_S))
