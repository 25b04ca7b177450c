"""Which account pays, and where its token comes from; the token is shown to nobody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from backends.ibm_runtime.devices import PRACTICE_PREFIX
from backends.ibm_runtime.settings import IbmSettings
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from escalation.ports.configuration import block, stored_secret

BLOCK = block("ibm_token")
HIDDEN = "(hidden)"
PRACTICE_TOKEN = "practice-token"  # a practice service takes any
PRACTICE_INSTANCE = "crn:v1:practice:public:quantum-computing:loopback:a/practice:practice::"
_SAVE = "QiskitRuntimeService.save_account(token=…, instance=…, set_as_default=True)"
NO_TOKEN = (
    "no token for IBM Quantum: set TIERWISE_IBM_TOKEN to an IBM Cloud API key, keep it in the Prefect secret "
    f"block {BLOCK!r}, or save it once with {_SAVE}"
)
NO_INSTANCE = (
    f"no instance that pays: set TIERWISE_IBM_INSTANCE to its CRN (crn:…), or save it once with {_SAVE}"
)
_CREDENTIAL = re.compile(
    r"(?i)\b(?:bearer|apikey)\s+[^\s'\",}]+"  # as headers have them
    r"|\bey[\w-]{8,}\.[\w-]+\.[\w-]*"  # access tokens
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # of proxies
)


@dataclass(frozen=True)
class Account:
    """Who pays, and where.

    Attributes:
        token: IBM Cloud API key; only ever given to IBM's identity service.
        instance: CRN of the instance that is charged.
        url: of the service; None is IBM's own.
        practice: whether the service is a practice service on this machine.
        connection: the client's further arguments: `verify`, `proxies`, `private_endpoint`.
    """

    token: SecretStr
    instance: str
    url: str | None = None
    practice: bool = False
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def service(self) -> str:
        """Names the service for the record."""
        return f"practice service at {self.url}" if self.practice else self.url or "IBM Quantum"


def check_place(settings: Settings, device: str) -> None:
    """Refuses a practice device anywhere but on loopback, and a real one on loopback or without TLS.

    Raises:
        BadInput: with one line.
    """
    url = settings.of(IbmSettings).ibm_url
    if device.startswith(PRACTICE_PREFIX):
        if url is None or not is_loopback(url):
            raise BadInput(
                f"{device} belongs to a practice service on this machine: expected TIERWISE_IBM_URL to be "
                f"its address (http://127.0.0.1:PORT, `tierwise serve --practice` tells), got {url or 'none'}"
            )
    elif url is not None and not _is_real(url):
        raise BadInput(
            f"{device} is hardware: expected TIERWISE_IBM_URL to be unset, or an https address that is not "
            f"this machine, got {url}; a practice service has {PRACTICE_PREFIX}… devices only"
        )


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_real(url: str) -> bool:
    return urlsplit(url).scheme == "https" and not is_loopback(url)


def find_account(settings: Settings, device: str) -> Account:
    """Finds token and instance: settings, then the providers, then the client's own account file.

    A practice service is only ever shown a token that the settings name outright.

    Raises:
        BadInput: when there is none, with how to set it.
    """
    check_place(settings, device)
    known = settings.of(IbmSettings)
    if device.startswith(PRACTICE_PREFIX):
        token = known.ibm_token or SecretStr(PRACTICE_TOKEN)
        return Account(token, known.ibm_instance or PRACTICE_INSTANCE, known.ibm_url, practice=True)
    given = known.ibm_token or stored_secret("ibm_token")
    if given is not None and known.ibm_instance is not None:
        return _checked(Account(given, known.ibm_instance, known.ibm_url))
    saved = _saved(known.ibm_account) or {}
    if given is None and not saved.get("token"):
        raise BadInput(NO_TOKEN)
    kept = {name: saved[name] for name in ("verify", "proxies", "private_endpoint") if saved.get(name)}
    return _checked(
        Account(
            given or SecretStr(saved["token"]),
            known.ibm_instance or saved.get("instance") or "",
            known.ibm_url or saved.get("url"),
            connection=kept,
        )
    )


def redact(text: str, *secrets: SecretStr) -> str:
    """Returns the text in one line without the secrets and without anything that looks like a credential."""
    for secret in secrets:
        if secret.get_secret_value():
            text = text.replace(secret.get_secret_value(), HIDDEN)
    return " ".join(_CREDENTIAL.sub(HIDDEN, text).split())


def _checked(account: Account) -> Account:
    if not account.instance:
        raise BadInput(NO_INSTANCE)
    if not account.instance.startswith("crn:"):
        raise BadInput(f"expected the CRN (crn:…) of the instance that pays, got {account.instance!r}")
    if account.url is not None and not _is_real(account.url):
        raise BadInput(f"expected a saved account at an https address, got {account.url}; API keys go there")
    return account


def _saved(name: str | None) -> dict[str, Any] | None:
    """Reads the client's own account file, or its own environment variables (QISKIT_IBM_TOKEN and so on)."""
    from qiskit_ibm_runtime.accounts import AccountManager, AccountNotFoundError

    try:
        saved: dict[str, Any] = AccountManager.get(name=name).to_saved_format()
    except AccountNotFoundError:
        if name is None:
            return None
        raise BadInput(f"IBM's client has no saved account named {name!r} (TIERWISE_IBM_ACCOUNT)") from None
    except Exception as error:  # a broken file; its text may hold the token
        raise BadInput(f"the account file of IBM's client cannot be read: {type(error).__name__}") from None
    return saved
