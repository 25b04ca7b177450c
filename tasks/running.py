"""How Prefect is told to treat tasks and their arguments."""

from typing import Any, TypeVar, cast

from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote

Value = TypeVar("Value")


def as_it_is(value: Value) -> Value:
    """Has Prefect hand a task's argument on as it is: neither copied, nor walked through for futures."""
    return cast(Value, quote(value))


# The ledger remembers what was done, so Prefect must not: a cached or retried task could pay twice.
OPTIONS: dict[str, Any] = {"cache_policy": NO_CACHE, "retries": 0, "persist_result": False}
