"""The token for IBM Quantum is read from Prefect's secret block, where nothing else names one."""

from typing import Any

import pytest
from prefect import flow
from prefect.blocks.system import Secret

from backends.ibm_runtime.account import BLOCK, SECRET_PROVIDERS, find_account
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from flows.secret import block_token, provide_token

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

TOKEN = "kept-in-a-block-51c0ffee"


@pytest.fixture
def settings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An instance, and no token; IBM's client has no account file either."""
    monkeypatch.delenv("TIERWISE_IBM_TOKEN", raising=False)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    return Settings(home=tmp_path, ibm_instance="crn:v1:test")


@flow
def token_in_use(settings: Settings) -> str:
    provide_token()
    return find_account(settings, "ibm_boston").token.get_secret_value()


def test_the_block_is_asked_inside_a_run_and_the_settings_come_first(
    on_server: Any, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    Secret(value=TOKEN).save(BLOCK, overwrite=True)
    assert block_token() is None  # outside of a run nobody asks Prefect for anything
    assert token_in_use(settings) == TOKEN
    assert token_in_use(settings.model_copy(update={"ibm_token": Settings(ibm_token="first").ibm_token})) == (
        "first"
    )
    assert SECRET_PROVIDERS.count(block_token) == 1
    assert TOKEN not in caplog.text
    Secret.delete(BLOCK)


def test_without_a_block_the_message_says_where_a_token_may_be(on_server: Any, settings: Settings) -> None:
    with pytest.raises(BadInput, match=BLOCK):
        token_in_use(settings)
