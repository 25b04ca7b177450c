"""Secrets of backends from Prefect's secret blocks: read when they are needed, and written nowhere."""

from typing import Any

from prefect.blocks.system import Secret
from prefect.context import FlowRunContext, TaskRunContext
from pydantic import SecretStr

from escalation.ports.configuration import SECRET_STORES


def provide_secrets() -> None:
    """Has backends ask for a block where the environment does not name a secret that they need."""
    if block_secret not in SECRET_STORES:
        SECRET_STORES.append(block_secret)


def block_secret(name: str) -> SecretStr | None:
    """What is in the block of that name; None outside of a run, and where there is no such block."""
    if FlowRunContext.get() is None and TaskRunContext.get() is None:
        return None
    try:
        block: Any = Secret.load(name)
    except ValueError:  # what Prefect raises where there is none
        return None
    return SecretStr(str(block.get()))
