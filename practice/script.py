"""The faults that a test has asked for: which call, which occurrence of it, which fault."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from practice.calls import Fault, ServiceCall
from practice.errors import UnusableJob
from practice.faults import BY_NAME


@dataclass(frozen=True)
class FaultRule:
    """One line of a script.

    Attributes:
        call: of the service.
        fault: its name in `practice.faults.ALL`.
        nth: the first occurrence that it strikes, counted from 1 since the rule was given.
        count: how many occurrences it strikes from there; None for all.
        params: replace the fault's defaults.
    """

    call: str
    fault: str
    nth: int = 1
    count: int | None = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fault not in BY_NAME:
            raise UnusableJob(f"expected a fault out of {sorted(BY_NAME)}, got {self.fault!r}")
        known = BY_NAME[self.fault]
        if self.call not in known.calls:
            raise UnusableJob(f"{self.fault} makes sense at {', '.join(known.calls)}, got {self.call!r}")
        if self.nth < 1 or (self.count is not None and self.count < 1):
            raise UnusableJob(f"expected nth and count of at least 1, got {self.nth} and {self.count}")
        if unknown := sorted(set(self.params) - set(known.defaults)):
            raise UnusableJob(f"{self.fault} takes {sorted(known.defaults)}, got {unknown}")

    def strikes(self, occurrence: int) -> bool:
        """Whether it strikes that occurrence."""
        return occurrence >= self.nth and (self.count is None or occurrence < self.nth + self.count)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, which `FaultRule(**data)` takes."""
        return {
            "call": str(self.call),
            "fault": self.fault,
            "nth": self.nth,
            "count": self.count,
            "params": dict(self.params),
        }


@dataclass(frozen=True)
class FiredFault:
    """A fault that strikes a call, with its parameters."""

    fault: Fault
    params: Mapping[str, Any]


class Script:
    """The rules in force, with how often each has seen and struck its call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []
        self._seen: list[int] = []
        self._struck: list[int] = []

    def add(self, rules: list[FaultRule]) -> None:
        """Adds rules; each counts the occurrences of its call from now on."""
        with self._lock:
            self._rules += rules
            self._seen += [0] * len(rules)
            self._struck += [0] * len(rules)

    def clear(self) -> None:
        """Drops all rules."""
        with self._lock:
            self._rules, self._seen, self._struck = [], [], []

    def take(self, call: ServiceCall) -> FiredFault | None:
        """Counts one occurrence of the call; returns the fault of the first rule that strikes it."""
        with self._lock:
            chosen = None
            for number, rule in enumerate(self._rules):
                if rule.call != call:
                    continue
                self._seen[number] += 1
                if chosen is None and rule.strikes(self._seen[number]):
                    self._struck[number] += 1
                    chosen = rule
        if chosen is None:
            return None
        fault = BY_NAME[chosen.fault]
        return FiredFault(fault, {**fault.defaults, **chosen.params})

    def to_json(self) -> list[dict[str, Any]]:
        """The rules with what they have seen and struck."""
        with self._lock:
            rows = zip(self._rules, self._seen, self._struck, strict=True)
            return [{**rule.to_json(), "seen": seen, "fired": fired} for rule, seen, fired in rows]
