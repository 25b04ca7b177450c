"""Whether a Prefect server can be used. Standard library alone: the command line asks before anything."""

import http.client
import importlib.metadata
import json
import os
import secrets
import tomllib
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from escalation.inputs.surroundings import LOOPBACK, past_proxies
from escalation.model.clock import kernel
from escalation.model.errors import BadInput
from flows.credential import credential

ROOT = Path(__file__).resolve().parent.parent
"""As in `escalation.inputs.settings`, which takes longer to import than all of this."""

SERVER_FILE = "server.json"
"""In the server's home: where `tierwise serve` is listening, its process id, and the boot of its kernel."""


TIMEOUT_S = 5.0
_MOST_BYTES = 4096
_AUTH = "PREFECT_API_AUTH_STRING"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENS = "0A"
_LONE = "lone:"
"""Begins what only the server that Prefect starts for one process takes."""


def use_server(timeout_s: float = TIMEOUT_S) -> str | None:
    """Points this process, before it imports Prefect, at the server that is configured; returns its API URL.

    None where none is configured, and where `tierwise serve` is not up any more.

    Raises:
        BadInput: when a server that the user names cannot be used; says why in one line.
    """
    stated = os.environ.get("PREFECT_API_URL") or _profile_url()
    url = stated or served_url()
    if url is not None and url == served_url():  # at an address of this machine
        os.environ.update(past_proxies(os.environ, urlsplit(url).hostname))
    wrong = "none is configured" if url is None else what_is_wrong(url, timeout_s)
    if wrong and stated:
        raise BadInput(wrong)
    if wrong or url is None:
        return None
    os.environ["PREFECT_API_URL"] = url
    shown = auth_string(url)
    if shown:
        os.environ[_AUTH] = shown
    elif os.environ.get(_AUTH, "").startswith(_LONE):
        del os.environ[_AUTH]
    return url


def server_url() -> str | None:
    """The API URL that is configured: by environment, by Prefect's profile, else `tierwise serve`'s own."""
    return os.environ.get("PREFECT_API_URL") or _profile_url() or served_url()


def healthy(url: str, timeout_s: float) -> bool:
    """Tells whether the API at the URL says that it is healthy, within the time; nothing is shown to it."""
    try:
        return _get(f"{url.rstrip('/')}/health", timeout_s, {}) == (200, "true")
    except (OSError, ValueError, http.client.HTTPException):
        return False


def what_is_wrong(url: str, timeout_s: float = TIMEOUT_S) -> str | None:
    """Why the server at the URL cannot be used, in one line; None where it can.

    One of another major version says that it is healthy as well, so its version is asked for.
    """
    base = url.rstrip("/")
    try:
        health = _get(f"{base}/health", timeout_s, {})
        if health != (200, "true"):
            return _no_api(url, *health)
        code, body = _get(f"{base}/admin/version", timeout_s, _authorization(url))
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        return f"no Prefect server answers at {url} ({why}): start it, or name another one in PREFECT_API_URL"
    if code == 404 and (urlsplit(url).hostname or "").endswith("prefect.cloud"):
        return None
    return _wrong_version(url, code, body)


def asks_nobody(url: str, timeout_s: float = TIMEOUT_S) -> bool:
    """Whether the server at the URL lets everybody in who reaches it, as Prefect does by itself."""
    try:
        return _get(f"{url.rstrip('/')}/admin/version", timeout_s, {})[0] == 200
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _wrong_version(url: str, code: int, body: str) -> str | None:
    version, ours = body.strip('"'), importlib.metadata.version("prefect")
    if code in {401, 403}:
        return f"the Prefect server at {url} wants to know who asks: set {_AUTH} to its `user:password`"
    if code != 200 or not version[:1].isdigit():
        return _no_api(url, code, body)
    if version.partition(".")[0] != ours.partition(".")[0]:
        return f"the Prefect server at {url} is version {version}, expected {ours} (the same major)"
    return None


def stated_credential(env: Mapping[str, str] = os.environ) -> str | None:
    """The credential that a user wants a server of ours to have, if any."""
    stated = env.get("PREFECT_SERVER_API_AUTH_STRING", "")
    return stated if stated and not stated.startswith(_LONE) else None


def lone_server(env: MutableMapping[str, str] = os.environ, *, alone: bool = False) -> None:
    """Has the server that Prefect starts for a process without one ask who is speaking, and no page use it.

    Nobody but this process and what it starts knows the answer. Only where no server is configured.

    Args:
        env: what the server is told by.
        alone: nobody answers where `tierwise serve` says that it listens.
    """
    configured = os.environ.get("PREFECT_API_URL") or _profile_url() or (None if alone else served_url())
    if configured or "PREFECT_SERVER_API_AUTH_STRING" in env or _AUTH in env:
        return
    env["PREFECT_SERVER_API_AUTH_STRING"] = env[_AUTH] = f"{_LONE}{secrets.token_urlsafe(32)}"
    env["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] = "true"
    env["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"] = "null://none"
    # Its first start makes its database, which takes longer than the 20 s that Prefect waits.
    env.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")


def _no_api(url: str, code: int, body: str) -> str:
    shown = "".join(char if char.isprintable() else " " for char in body)[:60].strip()
    return (
        f"what answers at {url} is no Prefect API (HTTP {code}, {shown!r}): "
        "expected an address that ends in /api"
    )


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: what is shown to a server is for it alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _get(url: str, timeout_s: float, headers: dict[str, str]) -> tuple[int, str]:
    """Status and the beginning of the body; through a proxy where there is one for the address."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("expected http:// or https://")
    opener = urllib.request.build_opener(_Straight)
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=timeout_s) as answer:
            return answer.status, answer.read(_MOST_BYTES).decode(errors="replace").strip()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read(_MOST_BYTES).decode(errors="replace").strip()


def served_home() -> Path:
    """Where `tierwise serve` keeps Prefect's database, profile and files."""
    return Path(os.environ.get("TIERWISE_HOME", ROOT / "mlruns")) / "prefect"


def _authorization(url: str) -> dict[str, str]:
    shown, key = auth_string(url), os.environ.get("PREFECT_API_KEY")
    if shown:
        return {"Authorization": f"Basic {b64encode(shown.encode()).decode()}"}
    return {"Authorization": f"Bearer {key}"} if key else {}


def auth_string(url: str) -> str | None:
    """What is shown to the server: what the user says, else the credential of the home that is served."""
    stated = os.environ.get(_AUTH)
    if stated and not stated.startswith(_LONE):
        return stated
    if url != served_url() or not _is_ours(urlsplit(url).port):
        return None
    return credential(served_home())


def _is_ours(port: int | None) -> bool:
    """Whether the port is listened on by this user: a credential is not shown to whoever took it over."""
    known = False
    for table in _TABLES:
        try:
            rows = [line.split() for line in Path(table).read_text(encoding="ascii").splitlines()[1:]]
        except OSError:
            continue
        known = True
        for row in rows:
            if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port:
                return int(row[7]) == os.geteuid()
    return not known  # a system without these tables is taken at its word


def _profile_url() -> str | None:
    home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml"))
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active")
    url = profiles.get("profiles", {}).get(active, {}).get("PREFECT_API_URL")
    return url if isinstance(url, str) else None


def served_url() -> str | None:
    """Where `tierwise serve` says that it listens; it may have been killed since.

    A loopback address of another machine, which shares the home, or of before a restart is nobody's here.
    """
    try:
        served = json.loads((served_home() / SERVER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    url = served.get("api_url") if isinstance(served, dict) else None
    if not isinstance(url, str):
        return None
    return None if urlsplit(url).hostname in LOOPBACK and served.get("kernel") != kernel() else url
