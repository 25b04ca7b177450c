"""`tierwise serve`: what is asked for reaches who serves."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.address import LOOPBACK, Address
from deployments.serve import Serving, announcement, wanted
from escalation.model.errors import TierwiseError

DATABASE = "sqlite:////tmp/prefect.db"


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        (("--port", "4301"), Serving(Address(4301))),
        (("--practice", "--port", "4301"), Serving(Address(4301), practice=True)),
        (
            ("--port", "4301", "--host", "0.0.0.0", "--url", "https://prefect.site.example", "--no-worker"),
            Serving(Address(4301, "0.0.0.0", "https://prefect.site.example"), worker=False),
        ),
        (
            ("--port", "4301", "--database", DATABASE),
            Serving(Address(4301), "sqlite+aiosqlite:////tmp/prefect.db"),
        ),
    ],
)
def test_what_is_asked_for_is_handed_on(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], asked: Serving
) -> None:
    served: list[Serving] = []
    monkeypatch.setattr("deployments.address.checked_port", lambda port, host: port)
    monkeypatch.setattr("deployments.serve.serve", served.append)
    assert call("serve", *args).code == 0
    assert served == [asked]


def test_where_the_usual_port_is_taken_a_free_one_is_used_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("deployments.address.PREFECTS_OWN_PORT", port)
        monkeypatch.setattr("deployments.serve.PREFECTS_OWN_PORT", port)
        what = wanted(None, None, None, None, practice=False, worker=True)
        assert (what.elsewhere, what.address.port != port) == (True, True)
        with pytest.raises(TierwiseError, match=f"^port {port} cannot be used: Address already in use"):
            wanted(port, None, None, None, practice=False, worker=True)
    lines = announcement(what, tmp_path)
    assert lines[0].endswith(f":{what.address.port}  (Prefect; port {port} is taken, so a free one is used)")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--host", "0.0.0.0"), "expected --url with --host 0.0.0.0"),
        (("--host", ""), "expected --host as an address of this machine, got ''"),
        (("--host", "198.51.100.7"), "got '198.51.100.7': Cannot assign requested address"),
        (("--url", "https://ada:secret@site.example"), "got one with a user or password in it"),
        (("--host", "a" * 70), "expected --host as an address of this machine"),
        (("--url", "https://site example"), "expected --url as https://NAME[:PORT]"),
        (("--url", "site.example"), "expected --url as https://NAME[:PORT]"),
        (("--url", "https://site.example/prefect"), "got 'https://site.example/prefect'"),
        (("--url", "https://site.example:port"), "expected --url as https://NAME[:PORT]"),
        (("--database", "mysql://here/prefect"), "got mysql"),
        (("--database", "nonsense"), "got something that is no such URL"),
        (("--database", "postgresql://here"), "got one without a NAME"),
        (("--database", "postgresql://ada:secret@here/prefect"), "keep it in ~/.pgpass"),
        (("--database", "postgresql://ada@here/prefect?password=secret"), "keep it in ~/.pgpass"),
        (("--database", "postgresql://ada@127.0.0.1:1/prefect"), "cannot use Prefect's database postgresql"),
        (("--practice", "--no-worker"), "nobody else may use the practice service"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_line_that_shows_no_secret(
    call: Callable[..., Any], args: tuple[str, ...], said: str
) -> None:
    done = call("serve", *args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert "secret" not in done.err
