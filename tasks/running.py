"""What the tasks of a running case share, and how Prefect is told to treat them."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast

from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote

from escalation.engine.ladder import Case
from escalation.engine.runtime import Listener, Runtime

Value = TypeVar("Value")


def as_it_is(value: Value) -> Value:
    """Has Prefect hand a task's argument on as it is: neither copied, nor walked through for futures."""
    return cast(Value, quote(value))


@dataclass(frozen=True)
class Running:
    """A case in the hands of a driver."""

    runtime: Runtime
    case: Case
    listener: Listener


# The ledger remembers what was done, so Prefect must not: a cached or retried task could pay twice.
OPTIONS: dict[str, Any] = {"cache_policy": NO_CACHE, "retries": 0, "persist_result": False}
