"""Scripts a practice service from another process, over HTTP."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from practice.errors import UnusableJob
from practice.script import FaultRule

TIMEOUT_S = 60.0
_OPENER = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class PracticeControl:
    """The controls of the service at a URL."""

    url: str

    def about(self) -> dict[str, Any]:
        """What is served, under which settings."""
        return self._call("GET", "")

    def account(self) -> dict[str, Any]:
        """The exact account: `posts`, `jobs`, `sessions`, `totals`."""
        return self._call("GET", "account")

    def totals(self) -> dict[str, Any]:
        """Counts of the account: posts, accepted, ran, paid, charged_s, delivered and so on."""
        totals: dict[str, Any] = self.account()["totals"]
        return totals

    def log(self) -> list[dict[str, Any]]:
        """Every request since the reset."""
        entries: list[dict[str, Any]] = self._call("GET", "log")["entries"]
        return entries

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each has seen and struck its call."""
        rules: list[dict[str, Any]] = self._call("GET", "faults")["rules"]
        return rules

    def inject(self, *rules: FaultRule) -> None:
        """Adds rules."""
        self._call("POST", "faults", {"rules": [rule.to_json() for rule in rules]})

    def clear(self) -> None:
        """Drops all rules."""
        self._call("DELETE", "faults")

    def reset(self, *rules: FaultRule, **settings: Any) -> None:
        """Starts from nothing, with initial settings but for those given, and with these rules."""
        self._call("POST", "reset", {"settings": settings, "rules": [rule.to_json() for rule in rules]})

    def advance(self, seconds: float) -> None:
        """Moves the service's clock forward."""
        self._call("POST", "advance", {"seconds": seconds})

    def release(self, job: str | None = None) -> None:
        """Lets a job, or all, leave the queue; ends requests that are left without an answer."""
        self._call("POST", "release", {"job": job})

    def drift(self, device: str, factor: float) -> str:
        """Multiplies a device's errors; returns the id of its new calibration."""
        calibration: str = self._call("POST", "drift", {"device": device, "factor": factor})["calibration"]
        return calibration

    def set_up(self, device: str, up: bool) -> None:
        """Takes a device down, or up again."""
        self._call("POST", "device", {"device": device, "up": up})

    def retire(self, device: str) -> None:
        """Takes a device away for good."""
        self._call("POST", "device", {"device": device, "retired": True})

    def _call(self, method: str, path: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        body = None if data is None else json.dumps(data).encode()
        request = Request(f"{self.url}/practice/{path}", data=body, method=method)
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
                document: dict[str, Any] = json.load(answer)
        except HTTPError as error:
            raise UnusableJob(
                f"the practice service refused {method} {path}: {error.read().decode()}"
            ) from None
        return document
