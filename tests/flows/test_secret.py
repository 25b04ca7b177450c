"""The token for IBM Quantum is read from Prefect's secret block, where nothing else names one."""

from typing import Any

import pytest
from prefect import flow
from prefect.blocks.system import Secret
from pydantic import SecretStr

from backends.ibm_runtime.account import BLOCK, find_account
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from escalation.ports.configuration import SECRET_STORES
from flows.secret import block_secret, provide_secrets

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

TOKEN = "kept-in-a-block-51c0ffee"


@pytest.fixture
def settings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An instance, and no token; IBM's client has no account file either."""
    monkeypatch.delenv("TIERWISE_IBM_TOKEN", raising=False)
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    return Settings(home=tmp_path).having(IbmSettings(ibm_instance="crn:v1:test"))


@flow
def token_in_use(settings: Settings) -> str:
    provide_secrets()
    return find_account(settings, "ibm_boston").token.get_secret_value()


def test_the_block_is_asked_inside_a_run_and_the_settings_come_first(
    on_server: Any, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    Secret(value=TOKEN).save(BLOCK, overwrite=True)
    assert block_secret(BLOCK) is None  # outside of a run nobody asks Prefect for anything
    assert token_in_use(settings) == TOKEN
    own = IbmSettings(ibm_instance="crn:v1:test", ibm_token=SecretStr("first"))
    assert token_in_use(settings.having(own)) == "first"
    assert SECRET_STORES.count(block_secret) == 1
    assert TOKEN not in caplog.text
    Secret.delete(BLOCK)


def test_without_a_block_the_message_says_where_a_token_may_be(on_server: Any, settings: Settings) -> None:
    with pytest.raises(BadInput, match=BLOCK):
        token_in_use(settings)
