"""Whether a Prefect server can be used. Standard library alone: the command line asks before anything."""

import http.client
import json
import os
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
"""As in `escalation.settings`, which takes longer to import than all of this."""

SERVER_FILE = "server.json"
"""In the server's home: where `tierwise serve` is listening, and its process id."""


def server_reachable(timeout_s: float = 1.0) -> bool:
    """Tells whether a Prefect server answers; see `server_url` for which is asked."""
    url = server_url()
    return url is not None and healthy(url, timeout_s)


def use_server(timeout_s: float = 1.0) -> str | None:
    """Points this process, before it imports Prefect, at a server that answers; returns its API URL."""
    url = server_url()
    if url is None or not healthy(url, timeout_s):
        return None
    os.environ["PREFECT_API_URL"] = url
    return url


def server_url() -> str | None:
    """The API URL that is configured: by environment, by Prefect's profile, else `tierwise serve`'s own."""
    return os.environ.get("PREFECT_API_URL") or _profile_url() or _served_url()


def healthy(url: str, timeout_s: float) -> bool:
    """Tells whether the API at the URL says that it is healthy, within the time."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
        try:
            connection.request("GET", f"{parts.path.rstrip('/')}/health", headers=_authorization())
            answer = connection.getresponse()
            return answer.status == 200 and answer.read(16).strip() == b"true"
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return False


def served_home() -> Path:
    """Where `tierwise serve` keeps Prefect's database, profile and files."""
    return Path(os.environ.get("TIERWISE_HOME", ROOT / "mlruns")) / "prefect"


def _authorization() -> dict[str, str]:
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


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


def _served_url() -> str | None:
    try:
        served = json.loads((served_home() / SERVER_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    url = served.get("api_url") if isinstance(served, dict) else None
    return url if isinstance(url, str) else None
