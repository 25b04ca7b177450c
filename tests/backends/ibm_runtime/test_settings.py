"""What a site states of IBM's service: refused in one line where it can be no address."""

import pytest

from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import read
from escalation.model.errors import BadInput


@pytest.mark.parametrize("stated", ["http://127.0.0.1:99999", "http://127.0.0.1:x", "127.0.0.1:80", ""])
def test_an_address_that_can_be_none_is_one_line(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setenv("TIERWISE_IBM_URL", stated)
    with pytest.raises(
        BadInput, match=r"setting TIERWISE_IBM_URL: .*expected https://HOST or http://"
    ) as told:
        read(IbmSettings)
    assert "\n" not in str(told.value)
