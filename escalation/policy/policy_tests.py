"""Runs the tests that a policy carries in its own file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from escalation.model.attempt import Attempt
from escalation.model.calibration import DeviceKind
from escalation.model.decision import Action
from escalation.model.errors import PolicyError
from escalation.model.facts import AMOUNT, Fact, FactSpec, FactType
from escalation.model.problem import Target
from escalation.policy.checks import known_facts
from escalation.policy.family_gates import gates_alone
from escalation.policy.ladder_state import LadderState, Rung
from escalation.policy.policy import LoadedPolicy
from escalation.policy.router import decide, unknown
from escalation.policy.rules import Policy, PolicyTest
from escalation.ports.fact_providers import FactProvider
from escalation.ports.registry import backend_descriptor, families
from escalation.text.wording import listed

_MET: dict[str, bool | float | str | None] = {
    "site.hardware_allowed": True,
    "site.limit_usd": AMOUNT[1],
    "site.unasked_usd": AMOUNT[1],
}
"""What a test need not say."""


@dataclass(frozen=True)
class TestFinding:
    """Outcome of one test: the expected and the actual decision, the latter in words."""

    test: PolicyTest
    passed: bool
    got: str

    @property
    def expected(self) -> str:
        """What the test says should come of its facts, in words."""
        return in_words(self.test.expect, self.test.by)


def run_tests(policy: Policy) -> tuple[TestFinding, ...]:
    """Runs all tests of a policy, in order."""
    return tuple(run_test(policy, test) for test in policy.tests)


def run_test(policy: Policy, test: PolicyTest) -> TestFinding:
    """Asks the policy about one rung of the tier, with nothing tried before, above a floor that is met.

    What the floor says depends on the site; a test that does not mean the floor must not depend on it.
    """
    rung = Rung(test.tier, "test", "test", _device_kind(policy))
    values = {**_MET, **test.facts, **test.change}
    specs = known_facts()

    def find(_: Rung | None, name: str) -> Fact:
        return _given(specs[name], values)

    attempts: tuple[Attempt, ...] = ()
    target = Target(metric="any", at_least=0.0)
    decision = decide(policy, LadderState(0, test.family or "", target, (rung,), attempts), find)
    opened = "hold" if decision.asks else "open"
    got = opened if decision.action is Action.ATTEMPT else "closed"
    rules = [each.gate for each in (*decision.closed, *decision.asks)]
    missing = [rule for rule in test.by if rule not in rules]
    return TestFinding(test, got == test.expect and not missing, in_words(got, rules))


def in_words(end: str, rules: Sequence[str]) -> str:
    """What a policy makes of a test's facts, as a person would say it.

    Args:
        end: `open`, `closed` or `hold`, as policy files spell it.
        rules: ids of the conditions that are not met, or of the rules that ask a person.
    """
    return _ENDS[end] + (_WHY[end].format(listed(rules, most=None)) if rules else "")


_ENDS = {"open": "tried", "closed": "not tried", "hold": "tried once a person agrees"}
_WHY = {"open": "", "closed": ": {} not met", "hold": " (asked by {})"}


def _device_kind(policy: Policy) -> DeviceKind:
    """What the policy's backends are: of several, the one that is nearest to hardware."""
    found = [backend_descriptor(spec) for spec in policy.places]
    kinds = [descriptor.device_kind(device) for descriptor, device in found]
    return max(kinds, key=list(DeviceKind).index, default=DeviceKind.CLASSICAL)


def _given(spec: FactSpec, values: dict[str, bool | float | str | None]) -> Fact:
    value = values.get(spec.name)
    if isinstance(value, int) and not isinstance(value, bool) and spec.type is FactType.NUMBER:
        value = float(value)
    if value is None:
        return unknown(spec.name, "not given in the test")
    return FactProvider(spec, lambda _: value).evaluate(None)  # type: ignore[arg-type]


def suites(
    loaded: LoadedPolicy, family_name: str | None = None
) -> Iterator[tuple[str, tuple[TestFinding, ...]]]:
    """Runs the tests of a policy, and those of the families' gates that it takes in, each with its file.

    Args:
        loaded: the policy.
        family_name: the one family whose gates matter; default: all.
    """
    yield loaded.path, run_tests(loaded.policy)
    for name in loaded.families:
        if family_name in (None, name):
            yield families()[name].gates_name, run_tests(gates_alone(name))


def require_passing(loaded: LoadedPolicy, family_name: str | None = None) -> None:
    """Raises `PolicyError` when a test of the policy, or of the family's gates that it takes in, fails."""
    if failure := _failure(_Asked(loaded.text, loaded.path, loaded.families, family_name, loaded)):
        raise PolicyError(failure)


@dataclass(frozen=True)
class _Asked:
    """A policy by its text, and the family; many cases of a process ask the same."""

    text: str
    path: str
    families: tuple[str, ...]
    family_name: str | None
    loaded: LoadedPolicy = field(compare=False)


@lru_cache(maxsize=64)
def _failure(asked: _Asked) -> str:
    """The first test that fails, in words; empty where none does."""
    for file, findings in suites(asked.loaded, asked.family_name):
        for finding in findings:
            if not finding.passed:
                return (
                    f"{file}: test {finding.test.name!r}: expected {finding.expected} "
                    f"(`expect: {finding.test.expect}`), got {finding.got}; mend the conditions or the test"
                )
    return ""
