"""Flows called from a running event loop, such as a notebook's: in a thread, stopped with it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from typing import TypeVar

from escalation.engine.stop import Stop
from flows.lending import borrowed_runtime, lending, lent

Came = TypeVar("Came")


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
            return await asyncio.shield(awaited)
        except asyncio.CancelledError:
            stop.set()
            while not awaited.done():
                with suppress(asyncio.CancelledError):  # asked again: it is ending
                    await asyncio.wait({awaited})
            awaited.exception()  # how it ended is in the ledger
            raise


def _stopped_by(stop: Stop, call: Callable[[], Came]) -> Came:
    loan = lent()
    with borrowed_runtime() as runtime:
        runtime.stop.adopt(stop)
        with lending(replace(runtime, stop=stop), loan.listener, loan.case, loan.told):
            return call()
