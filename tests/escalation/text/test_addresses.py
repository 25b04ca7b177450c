"""A password in an address is shown nowhere."""

import pytest

from escalation.text.addresses import is_http_address, shown_address, without_password


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


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:5000", "https://ada:love@h.example/m?x=1", "http://[::1]:80/", "HTTPS://h"]
)
def test_a_server_has_a_host_and_may_have_a_port(uri: str) -> None:
    assert is_http_address(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "http://h:99999",
            "http://h:0",
            "http://h:abc",
            "http://h:-1",
            "http://:5000",
            "https://",
            "http:h",
        ),
        *("http://a b/", "http://h\n:80", "http://[::1", "ftp://h", "h:5000", ""),
    ],
)
def test_what_is_no_address_of_a_server_is_none(uri: str) -> None:
    assert not is_http_address(uri)
