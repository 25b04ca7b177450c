"""What surrounds a process: no reports, this machine past any proxy, no secrets for what calculates."""

import subprocess
import sys

import pytest

from escalation.inputs.surroundings import past_proxies, settle, without_secrets

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, {}),
        ({"no_proxy": "a"}, {}),
        ({"http_proxy": ""}, {}),
        ({"http_proxy": PROXY}, "127.0.0.1,localhost,::1"),
        ({"HTTPS_PROXY": PROXY}, "127.0.0.1,localhost,::1"),
        ({"all_proxy": PROXY, "no_proxy": "corp.example"}, "corp.example,127.0.0.1,localhost,::1"),
        ({"ALL_PROXY": PROXY, "NO_PROXY": "corp.example, localhost"}, "corp.example,localhost,127.0.0.1,::1"),
        ({"http_proxy": PROXY, "NO_PROXY": "*"}, "*"),
    ],
)
def test_this_machine_is_asked_past_a_proxy(env: dict[str, str], expected: str | dict[str, str]) -> None:
    wanted = dict.fromkeys(("no_proxy", "NO_PROXY"), expected) if isinstance(expected, str) else expected
    assert past_proxies(env) == wanted


def test_ibms_own_address_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    from requests.utils import get_environ_proxies  # what IBM's client sends with

    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("https_proxy", PROXY)
    settle()
    assert get_environ_proxies("https://quantum.cloud.ibm.com/api/v1/jobs")["https"] == PROXY
    assert get_environ_proxies("https://127.0.0.1:4200/api") == {}
    assert get_environ_proxies("https://localhost:4200/api") == {}


def test_each_spelling_keeps_what_it_excludes() -> None:
    found = past_proxies({"http_proxy": PROXY, "no_proxy": "a", "NO_PROXY": "b"})
    assert found == {"no_proxy": "a,127.0.0.1,localhost,::1", "NO_PROXY": "b,127.0.0.1,localhost,::1"}


def test_settling_again_changes_nothing_and_a_users_word_stands() -> None:
    env = {"http_proxy": PROXY, "DO_NOT_TRACK": "1"}
    settle(env)
    once = dict(env)
    settle(env)
    assert env == once
    assert env["DO_NOT_TRACK"] == "1"
    assert env["MLFLOW_DISABLE_TELEMETRY"] == "true"


SECRETS = """
TIERWISE_IBM_TOKEN QISKIT_IBM_TOKEN GITHUB_TOKEN AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID PGPASSWORD MYSQL_PWD
IBMCLOUD_API_KEY IBMCLOUD_APIKEY GOOGLE_APPLICATION_CREDENTIALS PREFECT_API_AUTH_STRING SLURM_JWT
PREFECT_SERVER_DATABASE_CONNECTION_URL PREFECT__FLOW_RUN_ID SITE_SIGNING_KEY db_password
AWS_SESSION_TOKEN AWS_SSE_CUSTOMER_KEY_BASE64 AWS_ENDPOINT_URL AZURE_STORAGE_CONNECTION_STRING IDENTITY_HEADER
"""
NEEDED = "PWD OLDPWD LD_LIBRARY_PATH SLURM_JOB_ID SSH_AUTH_SOCK KRB5CCNAME MODULEPATH LANG"


@pytest.mark.parametrize("name", SECRETS.split())
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert without_secrets({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("postgresql://ada:lovelace@db.example/ledger", False),
        ("postgresql://ada:love/lace@db.example/ledger", False),
        ("postgresql://db.example/ledger?user=ada&password=lovelace", False),
        ("https://site.blob.core.windows.net/c?sv=2026-01-01&sig=lovelace", False),
        ("postgresql://ada@db.example/ledger?sslmode=require", True),
        ("http://user:pass@proxy.example:3128", False),
        ("http://proxy.example:3128", True),
        ("https://example.org/a:b/c@d", True),
        ("sqlite:////home/ada/ledger.db", True),
    ],
)
def test_a_password_in_an_address_is_known_by_its_value(value: str, kept: bool) -> None:
    assert bool(without_secrets({"SITE_ADDRESS": value})) is kept


@pytest.mark.parametrize("name", NEEDED.split())
def test_what_ranks_need_is_kept(name: str) -> None:
    assert without_secrets({name: "x"}) == {name: "x"}


def test_an_address_that_is_this_machines_is_asked_past_a_proxy_too() -> None:
    found = past_proxies({"http_proxy": PROXY}, "198.51.100.7")
    assert set(found) == {"no_proxy", "NO_PROXY"}
    assert all("198.51.100.7" in value.split(",") for value in found.values())
    assert past_proxies({}, "198.51.100.7") == {}


def test_a_short_process_looks_for_garbage_seldom() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import gc, sys, tierwise; sys.argv = ['tierwise', '--version']\n"
            "try: tierwise.main()\n"
            "except SystemExit: print(sum(each['collections'] for each in gc.get_stats()))",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    collections = int(said.stdout.splitlines()[-1])
    assert collections <= 20, "expected one a 50,000 objects, got one a 700"
