"""The endpoints under `/practice`: look at the account, script faults, move time. They are not logged."""

import json
from collections.abc import Callable
from typing import Any

from practice import replies
from practice.clock import stamp
from practice.errors import PracticeError, Refusal, UnusableJob, unknown
from practice.faults import ALL
from practice.host import Host
from practice.replies import Reply, ok
from practice.script import FaultRule
from practice.settings import LABEL

ROOT = "/practice"


def is_admin(target: str) -> bool:
    """Whether a request is for these endpoints."""
    return target == ROOT or target.startswith(ROOT + "/")


def answer(host: Host, method: str, target: str, body: bytes) -> Reply:
    """Does what is asked for."""
    handler = ROUTES.get((method, target.removeprefix(ROOT).strip("/")))
    if handler is None:
        return replies.refused(unknown("call", f"{method} {target}; known: {sorted(ROUTES)}"))
    try:
        return ok(handler(host, _read(body)))
    except Refusal as error:
        return replies.refused(error)
    except (PracticeError, TypeError, KeyError) as error:
        return replies.refused(Refusal(400, "bad_request", str(error)))


def _read(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise UnusableJob("expected a JSON object")
    return data


def about(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """GET: what this is, its settings and devices."""
    job_store = host.service.job_store
    return {
        "practice": LABEL,
        "now": stamp(host.service.clock.now()),
        "settings": host.service.settings.to_json(),
        "devices": [
            {
                "name": device.name,
                "up": device.up,
                "calibrations": [version.id for version in device.versions],
            }
            for device in job_store.devices.values()
        ],
    }


def account(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """GET account."""
    return host.service.account()


def log(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """GET log: every request since the reset."""
    return {"entries": [entry.to_json() for entry in host.service.log.entries()]}


def faults(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """GET faults: the table, and the rules in force with how often they saw and struck their call."""
    return {"known": [fault.to_json() for fault in ALL], "rules": host.service.script.to_json()}


def add_faults(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """POST faults `{rules: [{call, fault, nth, count, params}]}`."""
    host.service.script.add([FaultRule(**rule) for rule in data["rules"]])
    return {"rules": host.service.script.to_json()}


def clear_faults(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """DELETE faults."""
    host.service.script.clear()
    return {"rules": []}


def reset(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """POST reset `{settings: {…}, rules: […]}`: from nothing, with settings changed and rules given."""
    rules = [FaultRule(**rule) for rule in data.get("rules", ())]
    host.reset(data.get("settings") or {})
    host.service.script.add(rules)
    return {"settings": host.service.settings.to_json()}


def advance(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """POST advance `{seconds}`: moves the service's clock."""
    host.service.clock.advance(float(data["seconds"]))
    host.service.settle_late()
    return {"now": stamp(host.service.clock.now())}


def release(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """POST release `{job}`: see `Service.release`; also ends requests that are left without an answer."""
    host.service.release(data.get("job"))
    host.release_answers()
    return {}


def drift(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """POST drift `{device, factor}`: multiplies a device's errors."""
    device = host.service.job_store.drift(data["device"], float(data["factor"]))
    return {"calibration": device.latest.id, "since": stamp(device.latest.since)}


def device(host: Host, data: dict[str, Any]) -> dict[str, Any]:
    """POST device `{device, up, retired}`: takes a device down or up, or away for good."""
    host.service.job_store.set_up(data["device"], bool(data.get("up", True)))
    if data.get("retired"):
        host.service.job_store.retire(data["device"])
    return {}


Handler = Callable[[Host, dict[str, Any]], dict[str, Any]]
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", ""): about,
    ("GET", "account"): account,
    ("GET", "log"): log,
    ("GET", "faults"): faults,
    ("POST", "faults"): add_faults,
    ("DELETE", "faults"): clear_faults,
    ("POST", "reset"): reset,
    ("POST", "advance"): advance,
    ("POST", "release"): release,
    ("POST", "drift"): drift,
    ("POST", "device"): device,
}
