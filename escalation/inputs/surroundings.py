"""What surrounds a process, set right before anything else is imported. Standard library alone.

Every package whose import leads to Prefect, MLflow or a service calls `settle` when it is imported: nothing
is reported to anybody, and what listens on this machine is asked past any proxy.
"""

import gc
import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from threading import Lock

UNTRACKED = {
    "DO_NOT_TRACK": "true",  # mlflow/telemetry/utils.py takes `true` alone
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""What keeps the packages that report on their users from doing so."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PRIVATE = 0o077
"""The umask under which files are 0600 and folders 0700."""

_PROXY = re.compile(r".+_proxy", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH_STRING|AUTHORIZATION|JWT|API_?KEY|ACCESS_?KEY|(_KEY|_PWD|_PAT)$"
    r"|CONNECTION_STRING|CUSTOMER_KEY|^IDENTITY_HEADER$|^(PREFECT|AWS|AZURE|GOOGLE|GCS)_",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"://[^/@\s]*:[^@\s]+@|://\S*[?&](\w*passw\w*|pwd|sig|signature|token|\w*key)=", re.IGNORECASE
)
"""A URL with a password, also one that has a slash, or one among its parameters."""


def settle(env: MutableMapping[str, str] = os.environ) -> None:
    """Turns reporting off, and has addresses of this machine asked past any proxy."""
    for name, value in UNTRACKED.items():
        env.setdefault(name, value)
    env.update(past_proxies(env))


SELDOM = 50_000
"""Objects made, less those that are gone, between two looks for garbage; Python's own is 700."""


def collect_seldom() -> None:
    """Has this short process look for garbage seldom: a `main` of ours calls it before it imports the rest.

    Imports make hundreds of thousands of objects that stay, and the collector goes through them again and
    again: a twentieth of the user time of `tierwise solve` and its workers. What is in no circle is freed at
    once, as ever.
    """
    gc.set_threshold(SELDOM)


def past_proxies(env: Mapping[str, str], host: str | None = None) -> dict[str, str]:
    """What to set so that a proxy is not asked for what listens on this machine; nothing without a proxy.

    Both spellings, because some clients read one and some the other; what a user excludes stays excluded.

    Args:
        host: one more name or address that is this machine's.
    """
    if not any(_PROXY.fullmatch(name) and name.lower() != "no_proxy" and env[name] for name in env):
        return {}
    stated = {name: env.get(name, "") for name in ("no_proxy", "NO_PROXY")}
    either = stated["no_proxy"] or stated["NO_PROXY"]
    return {name: _with_own(value or either, *((host,) if host else ())) for name, value in stated.items()}


def _with_own(stated: str, *more: str) -> str:
    parts = [part.strip() for part in stated.split(",") if part.strip()]
    return stated if parts == ["*"] else ",".join(dict.fromkeys([*parts, *LOOPBACK, *more]))


def without_secrets(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that calculate and speak to no service.

    Left out are tokens, keys and passwords by their names, URLs that hold a password, and all that Prefect
    and the clients of object stores need to act for somebody.
    """
    return {
        name: value
        for name, value in env.items()
        if not _SECRET_NAME.search(name) and not _SECRET_VALUE.search(value)
    }


class _PrivateFiles:
    """The process's umask, which all its threads share: as it was again when the last block has ended."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._blocks, self._before = 0, 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Files and folders that this process makes in the block can be read by its user alone."""
        with self._lock:
            before = os.umask(PRIVATE)
            self._before = self._before if self._blocks else before
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
                if not self._blocks:
                    os.umask(self._before)


private_files = _PrivateFiles()
