"""What a server may be called, on this machine and elsewhere."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from cli.failure import guarded
from deployments.address import Address
from deployments.database import database_url
from deployments.gate import AccessGate
from deployments.serve import wanted
from escalation.text.addresses import shown_address
from flows.credential import make_credential

PROXIED = Address(4200, "0.0.0.0", "https://prefect.site.example")


@pytest.mark.parametrize(
    ("address", "alone", "local", "hosts", "origins"),
    [
        (
            Address(4200),
            True,
            "http://127.0.0.1:4200",
            {"127.0.0.1:4200", "localhost:4200"},
            {"http://127.0.0.1:4200", "http://localhost:4200"},
        ),
        (
            Address(4200, "198.51.100.7"),
            False,
            "http://198.51.100.7:4200",
            {"198.51.100.7:4200"},
            {"http://198.51.100.7:4200"},
        ),
        (
            Address(4200, "::1"),
            True,
            "http://[::1]:4200",
            {"[::1]:4200", "localhost:4200"},
            {"http://[::1]:4200", "http://localhost:4200"},
        ),
        (
            PROXIED,
            False,
            "http://127.0.0.1:4200",
            {"127.0.0.1:4200", "localhost:4200", "prefect.site.example", "prefect.site.example:443"},
            {
                "http://127.0.0.1:4200",
                "http://localhost:4200",
                "https://prefect.site.example",
                "https://prefect.site.example:443",
            },
        ),
        (
            Address(4200, "127.0.0.1", "https://prefect.site.example:8443"),
            True,
            "http://127.0.0.1:4200",
            {"127.0.0.1:4200", "localhost:4200", "prefect.site.example:8443"},
            {"http://127.0.0.1:4200", "http://localhost:4200", "https://prefect.site.example:8443"},
        ),
    ],
)
def test_names_of_a_server(
    address: Address, alone: bool, local: str, hosts: set[str], origins: set[str]
) -> None:
    assert (address.alone, address.local) == (alone, local)
    assert (set(address.hosts()), set(address.origins())) == (hosts, origins)


def through_the_gate(home: Path, host: str, **headers: str) -> tuple[int, str]:
    """Status of the answer, and the scheme that the application sees."""
    seen: list[str] = []
    answers: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["scheme"])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        answers.append(message)

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    sent.append((b"authorization", b"Basic " + b64encode(make_credential(home).encode())))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/flows",
        "scheme": "http",
        "headers": [(b"host", host.encode()), *sent],
    }
    asyncio.run(AccessGate(app, PROXIED, home)(scope, None, send))  # type: ignore[arg-type]
    return answers[0]["status"], "".join(seen)


def test_behind_a_reverse_proxy_its_name_and_its_pages_are_let_in_and_redirects_stay_encrypted(
    tmp_path: Path,
) -> None:
    assert through_the_gate(tmp_path, "prefect.site.example") == (200, "https")
    assert through_the_gate(tmp_path, "prefect.site.example", origin="https://prefect.site.example") == (
        200,
        "https",
    )
    assert through_the_gate(tmp_path, "127.0.0.1:4200") == (200, "http")


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("site.example", {}),
        ("prefect.site.example:4200", {}),
        ("prefect.site.example.evil.example", {}),
        ("prefect.site.example", {"origin": "http://prefect.site.example"}),  # unencrypted: not ours
        ("prefect.site.example", {"origin": "https://evil.example"}),
        ("prefect.site.example", {"sec_fetch_site": "cross-site"}),
    ],
)
def test_behind_a_reverse_proxy_no_other_name_and_no_other_page_is_let_in(
    tmp_path: Path, host: str, headers: dict[str, str]
) -> None:
    assert through_the_gate(tmp_path, host, **headers) == (403, "")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://ada@db/prefect", "postgresql+asyncpg://ada@db/prefect"),
        ("postgres://ada@db:5433/prefect", "postgresql+asyncpg://ada@db:5433/prefect"),
        ("postgresql+psycopg://ada:a%40b@db/prefect", "postgresql+asyncpg://ada:a%40b@db/prefect"),
        ("postgresql://ada@db/prefect?sslmode=require", "postgresql+asyncpg://ada@db/prefect?ssl=require"),
        ("sqlite:////tmp/prefect.db", "sqlite+aiosqlite:////tmp/prefect.db"),
    ],
)
def test_a_database_is_used_through_the_driver_that_prefect_needs(given: str, used: str) -> None:
    assert database_url(given) == used


@pytest.mark.parametrize(
    "given",
    [
        "postgresql+asyncpg://ada@a host/prefect",
        "postgresql://ada@h\x01/prefect",
        "postgresql://ada@db:0/prefect",
        "postgresql://ada@db:99999/prefect",
        "postgresql://ada@db:5432:5433/prefect",
        "postgresql://ada:se cret@b c@db/prefect",
        "postgresql://ada@[::1/prefect",
        "postgresql://ada@db",
        " postgresql://db/prefect",
        "mysql://ada@db/prefect",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///relative.db",
        "sqlite://host//tmp/prefect.db",
        "sqlite:////nowhere/at/all/prefect.db",
        "sqlite:////tmp",
    ],
)
def test_an_odd_address_of_a_database_is_refused_in_one_line_before_anything_is_started(
    given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        guarded(lambda: wanted(None, None, None, given, practice=False, worker=True))
    said = capsys.readouterr().err
    assert (end.value.code, said.count("\n"), said.startswith("error: expected ")) == (2, 1, True)
    assert "cret" not in said


@pytest.mark.parametrize(
    "url", ["postgresql+asyncpg://ada:secret@db/p", "postgresql+asyncpg://db/p?password=secret"]
)
def test_a_database_is_shown_without_its_password(url: str) -> None:
    assert "secret" not in shown_address(url)
