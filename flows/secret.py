"""The token for IBM Quantum from Prefect's secret block: read when it is needed, and written nowhere."""

from typing import Any

from prefect.blocks.system import Secret
from prefect.context import FlowRunContext, TaskRunContext
from pydantic import SecretStr

from backends.ibm_runtime.account import BLOCK, SECRET_PROVIDERS


def provide_token() -> None:
    """Has the backend ask for the block where neither environment nor settings name a token."""
    if block_token not in SECRET_PROVIDERS:
        SECRET_PROVIDERS.append(block_token)


def block_token() -> SecretStr | None:
    """The token in the block; None outside of a run, and where there is no such block."""
    if FlowRunContext.get() is None and TaskRunContext.get() is None:
        return None
    try:
        block: Any = Secret.load(BLOCK)
    except ValueError:  # what Prefect raises where there is none
        return None
    return SecretStr(str(block.get()))
