"""Answers of the service: status, body, headers, and what happens to them on their way."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any

from practice.calls import Delivery
from practice.errors import Refusal
from practice.script import FiredFault
from practice.settings import LABEL
from practice.spoiling import spoilt

MESSAGES = {
    401: ("unauthorized", "the access token has expired"),
    403: ("forbidden", "the account may not do this"),
    404: ("not_found", "not found"),
    409: ("quota_exceeded", "the instance has used up its seconds"),
    422: ("unprocessable", "the request cannot be processed"),
    429: ("too_many_requests", "too many requests"),
}
LOG_IN = b"<!DOCTYPE html><html><title>Log in</title><body>practice: please log in</body></html>"


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        spoilt: whether it does not tell what the call came to.
        padding_mb: white space that is streamed with the body.
        every_s: seconds from one byte to the next, where they drip.
        drips_head: whether the head drips, too.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    delay_s: float = 0.0
    spoilt: bool = False
    padding_mb: int = 0
    every_s: float = 0.0
    drips_head: bool = False


def ok(data: Any, status: int = 200) -> Reply:
    """A JSON answer."""
    return encoded(json.dumps(data).encode(), status)


def encoded(body: bytes, status: int = 200, kind: str = "application/json") -> Reply:
    """An answer that is encoded already."""
    return Reply(status, body, {"Content-Type": kind})


def done() -> Reply:
    """204: it is done, there is nothing to say."""
    return Reply(204)


def refused(error: Refusal) -> Reply:
    """A refusal, in the shape of IBM's errors."""
    return _error(error.status, error.code, str(error))


def _error(status: int, code: str, message: str) -> Reply:
    more = {"code": code, "message": message, "more_info": LABEL}
    return ok({"errors": [more], "status_code": status, "trace": "practice"}, status)


def fault_reply(fired: FiredFault, target: str, port: str) -> Reply:
    """The answer of a fault that has none of the call's own.

    Args:
        struck: the fault.
        target: path and query of the request, for redirects.
        port: of this service, likewise.
    """
    fault, params = fired.fault, fired.params
    answer = params.get("answer", "")
    if answer in (Delivery.RESET.value, Delivery.SILENT.value):
        return Reply(delivery=Delivery(answer))
    if fault.delivery is not Delivery.WHOLE:
        return Reply(delivery=fault.delivery)
    if fault.name.startswith("html_"):
        return replace(encoded(LOG_IN, kind="text/html"), spoilt=True)
    status = int(answer) if str(answer).isdigit() else fault.status or 500
    code, message = MESSAGES.get(status, ("server_error", "the service failed"))
    reply = _error(status, code, f"{message} (fault {fault.name})")
    more = {**_waits(fired), **_elsewhere(fired, target, port)}
    return replace(reply, headers={**reply.headers, **more}, spoilt=True)


def _waits(fired: FiredFault) -> dict[str, str]:
    """The header Retry-After, in one of its two forms (RFC 9110, 10.2.3)."""
    params = fired.params
    if fired.fault.name == "retry_after_date":
        return {"Retry-After": formatdate(time.time() + params["retry_after_s"], usegmt=True)}
    seconds = params.get("retry_after", params.get("retry_after_s"))
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _elsewhere(fired: FiredFault, target: str, port: str) -> dict[str, str]:
    """Where a redirect leads: to this service by another name, so that it sees who follows, and with what."""
    host = fired.params.get("host")
    return {} if host is None else {"Location": f"http://{host}:{port}{target}"}


def spoil(reply: Reply, fired: FiredFault) -> Reply:
    """The call's own answer, spoilt or late."""
    name, params = fired.fault.name, fired.params
    known: dict[str, dict[str, Any]] = {
        "slow": {"delay_s": float(params.get("delay_s", 0.0))},
        "huge": {"padding_mb": int(params.get("megabytes", 0))},
        "drip": {"every_s": float(params.get("every_s", 0.0)), "drips_head": bool(params.get("head"))},
        "bomb": {"headers": {**reply.headers, "Content-Encoding": "gzip"}},
        "wrong_content_type": {"headers": {**reply.headers, "Content-Type": "text/html"}},
    }
    return replace(
        reply,
        body=spoilt(name, reply.body, params),
        delivery=fired.fault.delivery,
        spoilt=fired.fault.spoils,
        **known.get(name, {}),
    )
