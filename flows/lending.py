"""Loans of a caller in the same process to the flows that it calls: runtime, checked case, listener."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass

from prefect.context import SettingsContext, get_settings_context

from escalation.engine.batch import Told
from escalation.engine.case import Case
from escalation.engine.listening import Listener
from escalation.engine.runtime import Runtime
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from flows.secret import provide_secrets
from records.runtime import open_records, open_runtime


@dataclass(frozen=True)
class Loan:
    """What is lent, if anything."""

    runtime: Runtime | None = None
    listener: Listener | None = None
    case: Case | None = None
    told: Told | None = None


_loan: ContextVar[Loan] = ContextVar("loan", default=Loan())  # noqa: B039 (frozen)


@contextmanager
def lending(
    runtime: Runtime | None = None,
    listener: Listener | None = None,
    case: Case | None = None,
    told: Told | None = None,
) -> Iterator[None]:
    """Lends to every flow that is called inside the block.

    Args:
        runtime: used and left open; default: each flow opens its own.
        listener: is told what happens, in order of happening.
        case: the one that the flow of its id drives, so that what was checked is what is run.
        told: is told the rows of a batch as they come.
    """
    token = _loan.set(Loan(runtime, listener, case, told))
    try:
        with _nobody_watching():
            yield
    finally:
        _loan.reset(token)


@contextmanager
def _nobody_watching() -> Iterator[None]:
    """Has Prefect send no heartbeats where nobody asked for them: a run's end waits up to a second for them.

    They are for automations that look for runs whose process is gone. Of a case, the ledger says that.
    """
    now = get_settings_context()
    flows = now.settings.flows
    if "heartbeat_frequency" in flows.model_fields_set:
        yield
        return
    # Prefect's `temporary_settings` reads every file and variable again, for each of its fifty models.
    quiet = now.settings.model_copy(update={"flows": flows.model_copy(update={"heartbeat_frequency": None})})
    with SettingsContext(profile=now.profile, settings=quiet):
        yield


def lent() -> Loan:
    """What the caller lends."""
    return _loan.get()


def borrowed_runtime() -> AbstractContextManager[Runtime]:
    """The runtime that the caller lends, left open; otherwise one of our own, whose end no run waits for."""
    provide_secrets()
    runtime = lent().runtime
    return nullcontext(runtime) if runtime is not None else open_runtime(wait_for_view=False)


@contextmanager
def borrowed_records() -> Iterator[tuple[Ledger, Store]]:
    """Ledger and store of that runtime; otherwise they are opened alone, which is quicker."""
    runtime = lent().runtime
    if runtime is not None:
        yield runtime.ledger, runtime.store
        return
    with open_records() as (ledger, store):
        yield ledger, store
