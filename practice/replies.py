"""Answers of the service: status, body, headers, and what happens to them on their way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from practice.errors import Refusal
from practice.faults import Delivery
from practice.script import Struck
from practice.settings import LABEL

MESSAGES = {
    401: ("unauthorized", "the access token has expired"),
    404: ("not_found", "not found"),
    409: ("quota_exceeded", "the instance has used up its seconds"),
    429: ("too_many_requests", "too many requests"),
}


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    delay_s: float = 0.0
    spoilt: bool = False


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


def struck_down(struck: Struck) -> Reply:
    """The answer of a fault that has none of the call's own."""
    fault, params = struck.fault, struck.params
    answer = params.get("answer", "")
    if answer in (Delivery.RESET.value, Delivery.SILENT.value):
        return Reply(delivery=Delivery(answer))
    if fault.delivery is not Delivery.WHOLE:
        return Reply(delivery=fault.delivery)
    status = int(answer) if str(answer).isdigit() else fault.status or 500
    code, message = MESSAGES.get(status, ("server_error", "the service failed"))
    reply = _error(status, code, f"{message} (fault {fault.name})")
    if "retry_after_s" in params:
        headers = {**reply.headers, "Retry-After": str(params["retry_after_s"])}
        return replace(reply, headers=headers)
    return reply


def spoil(reply: Reply, struck: Struck) -> Reply:
    """The call's own answer, spoilt or late."""
    name = struck.fault.name
    if name == "slow":
        return replace(reply, delay_s=float(struck.params["delay_s"]))
    spoilers = {
        "truncated": lambda body: body,
        "corrupt_json": lambda body: b"<" * len(body),
        "corrupt_bytes": lambda body: b"\xff\xfe" * (len(body) // 2) + b"\xff" * (len(body) % 2),
        "altered": _altered,
        "usage_pending": _pending,
        "device_offline": _offline,
    }
    body = spoilers[name](reply.body)
    return replace(reply, body=body, delivery=struck.fault.delivery, spoilt=struck.fault.spoils)


def _altered(body: bytes) -> bytes:
    """Good JSON: every tensor claims a shape that its data do not have, every array is cut in half."""
    return json.dumps(_alter(json.loads(body))).encode()


def _alter(data: Any) -> Any:
    if isinstance(data, list):
        return [_alter(each) for each in data]
    if not isinstance(data, dict):
        return data
    if data.get("__type__") == "ndarray" and isinstance(data.get("__value__"), str):
        return {**data, "__value__": data["__value__"][: len(data["__value__"]) // 2]}
    if {"data", "shape", "dtype"} <= set(data):
        return {**data, "shape": [*data["shape"][:-1], data["shape"][-1] + 8]}
    return {name: _alter(each) for name, each in data.items()}


def _offline(body: bytes) -> bytes:
    data = json.loads(body)
    down = {"name": "offline", "reason": "practice"}
    if "devices" in data:
        return json.dumps(
            {**data, "devices": [{**each, "status": down} for each in data["devices"]]}
        ).encode()
    return json.dumps({**data, "state": False, "status": "maintenance"}).encode()


def _pending(body: bytes) -> bytes:
    data = json.loads(body)
    usage = {"status": "pending", "seconds": 0, "quantum_seconds": 0, "qpu_charge_time_seconds": 0}
    return json.dumps({**data, "usage": usage, "bss": {"seconds": 0}}).encode()
