"""A password in an address is shown nowhere."""

import pytest

from escalation.text.addresses import shown_address, without_password


@pytest.mark.parametrize(
    ("uri", "password"),
    [
        ("postgresql://ada:lovelace@h/m", "lovelace"),
        ("postgresql://ada:by/lovelace@h/m", "by/lovelace"),
        ("postgresql://h/m?user=ada&password=lovelace", "lovelace"),
        ("https://ada:lovelace@h/m", "lovelace"),
    ],
)
def test_a_password_is_shown_nowhere(uri: str, password: str) -> None:
    assert "lovelace" not in shown_address(uri)
    assert "ada" in shown_address(uri)
    assert "lovelace" not in without_password(f"could not reach {uri} with {password}", uri)


@pytest.mark.parametrize(
    "uri", ["postgresql://ada@h:5432/m", "https://h:5000/a:b", "sqlite:////srv/ledger.db", "s3://bucket/a@b"]
)
def test_an_address_without_a_password_is_shown_as_it_is(uri: str) -> None:
    assert shown_address(uri) == uri
