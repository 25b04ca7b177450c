"""Flows called from a program or a running event loop, such as a notebook's: in a thread, stopped with it."""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from typing import TypeVar

from prefect import context
from prefect.client.orchestration import get_client
from prefect.context import SettingsContext
from prefect.settings import PREFECT_API_URL

from escalation.engine.stop import Stop
from escalation.model.errors import TierwiseError, first_line
from flows.engine import lone_server, use_server
from flows.lending import borrowed_runtime, lending, lent

Came = TypeVar("Came")
LOOK_S = 0.2
"""Seconds in which a cancelled call notices."""
STOPPED = "stopped; `tierwise cases` lists what was begun, and the same call goes on with it"


async def in_thread(call: Callable[[], Came]) -> Came:
    """Awaits a flow that is called in a thread of its own, so that the loop stays free.

    Cancelled, it stops what runs as Ctrl-C does, waits until that has ended, and only then is cancelled:
    nothing is left behind, and the case can be taken up again.

    Args:
        call: calls the flow; sees the caller's context, as the flow run that it may be part of.
    """
    stop = Stop()
    with ThreadPoolExecutor(1, thread_name_prefix="flow") as pool:
        running = pool.submit(copy_context().run, _stopped_by, stop, call)
        awaited = asyncio.wrap_future(running)
        try:
            while not awaited.done():  # a notebook cancels from a signal, which wakes no loop that sleeps
                await asyncio.wait({awaited}, timeout=LOOK_S)
            return awaited.result()
        except asyncio.CancelledError:
            stop.set()
            while not awaited.done():
                with suppress(asyncio.CancelledError):  # asked again: it is ending
                    await asyncio.wait({awaited})
            awaited.exception()  # how it ended is in the ledger
            raise


def until_interrupted(call: Callable[[], Came]) -> Came:
    """Calls a flow in a thread of its own; Ctrl-C stops what runs, as a cancelled `in_thread` does.

    In the main thread Prefect would take the interrupt itself, wherever it is, and call the run crashed.

    Raises:
        KeyboardInterrupt: once everything has ended and the run's end is told.
    """
    stop = Stop()
    with ThreadPoolExecutor(1, thread_name_prefix="flow") as pool:
        running = pool.submit(copy_context().run, _stopped_by, stop, call)
        try:
            return running.result()
        except KeyboardInterrupt:
            stop.set()
            while not running.done():
                with suppress(KeyboardInterrupt):  # asked again: it is ending
                    wait({running})
            raise KeyboardInterrupt(STOPPED) from None


def past_interrupts() -> None:
    """Has the server that Prefect starts for a process without one be there, and outlive an interrupt.

    It is of the process's own group, to which terminals and notebooks send SIGINT: without it the run's end
    could not be told. A child inherits which signals are blocked (signal(7)); Prefect ends it by SIGTERM.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with get_client(sync_client=True) as client:
            client.api_healthcheck()
    except RuntimeError as error:  # so Prefect says that the server it started did not come up
        why = first_line(error)
        raise TierwiseError(
            f"no Prefect server could be started for this process ({why}): start one with `tierwise serve`, "
            "which every process with the same TIERWISE_HOME finds, and call again"
        ) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def find_server() -> None:
    """Points this process at the server that is configured, or that serves its home, from any folder.

    Prefect reads where its server is when it is imported, which may be before that one was started.

    Raises:
        BadInput: when a server that the user names cannot be used.
    """
    if PREFECT_API_URL.value() or SettingsContext.get() is not context.GLOBAL_SETTINGS_CONTEXT:
        return
    if use_server() is None:
        lone_server(alone=True)
    context.refresh_global_settings_context()


def _stopped_by(stop: Stop, call: Callable[[], Came]) -> Came:
    find_server()
    past_interrupts()
    loan = lent()
    with borrowed_runtime() as runtime:
        runtime.stop.adopt(stop)
        with lending(replace(runtime, stop=stop), loan.listener, loan.case, loan.told):
            return call()
