"""What every family gets for nothing: its sample's case comes out the same when it is replayed, both ways.

No family says anything for this. A method is run as a case of its own, under a policy that declares it alone,
on the machine asked for; what it came to is then made again from its results, and with its work run again.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import yaml

from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.engine.runtime import Runtime
from escalation.model.calibration import DeviceKind
from escalation.model.problem import Problem, Tier
from escalation.policy.policy import parse_policy
from escalation.ports.registry import BackendDescriptor, FamilyDescriptor, backends, resolve
from escalation.replay.replay import replay
from escalation.replay.report import Replay
from escalation.testing.contract import expect

SEED = 20261127
Scratch = Callable[[], AbstractContextManager[Runtime]]


def free_machines(kind: str) -> list[str]:
    """The machines of this site by themselves that take the kind of work and are no hardware's, the one
    furthest from hardware first."""
    order = list(DeviceKind)

    def place(found: BackendDescriptor) -> tuple[int, str]:
        return order.index(found.device_kind(None)), found.name

    taking = [each for each in backends().values() if kind in each.accepts]
    return [each.name for each in sorted(taking, key=place) if not each.device_kind(None).paid]


def rungs(descriptor: FamilyDescriptor) -> Iterator[tuple[str, Tier, str]]:
    """A family's methods: name, tier, kind of the main work."""
    for method in resolve(descriptor.family)().methods():
        yield method.name, method.tier, method.work_kind


def case_of(descriptor: FamilyDescriptor, method: str, tier: Tier, places: dict[str, str]) -> Case:
    """A case of the family's sample for one method alone, its work by kind on those machines."""
    problem = Problem.model_validate(
        {
            "family": descriptor.name,
            "instance": dict(descriptor.sample),
            "target": dict(descriptor.sample_target),
            "data_class": "public",
            "seed": SEED,
        }
    )
    policy = {
        "policy": "alone",
        "summary": "one method on one machine",
        "tiers": [str(tier)],
        "backends": places,
        "methods": {descriptor.name: [method]},
    }
    return prepare(problem, parse_policy(yaml.safe_dump(policy)))


def check_replay(runtime: Runtime, scratch: Scratch, case: Case) -> tuple[Replay, Replay]:
    """Solves a case and replays it both ways.

    Args:
        runtime: with records.
        scratch: opens one with records that are thrown away.
        case: that has nothing on record yet.

    Returns:
        The two reports.

    Raises:
        ContractBroken: where anything comes out otherwise.
    """
    solve(runtime, case)
    ledger, store, case_id = runtime.ledger, runtime.store, case.case_id
    fed = replay(ledger, store, case_id)
    _check(case, fed)
    with scratch() as elsewhere:
        again = replay(ledger, store, case_id, elsewhere)
    _check(case, again)
    left = "; ".join(again.not_run_again)
    expect(again.run_again == again.works, f"{_named(case)}: not all of its work was run again: {left}")
    return fed, again


def _check(case: Case, report: Replay) -> None:
    named = f"{_named(case)}, replayed {report.mode}"
    first = next((f"{each.step} {each.what}: {each.recorded} recorded, {each.replayed} replayed"
                  for each in report.differences), "")  # fmt: skip
    expect(not first, f"{named}: {first}")
    expect(not report.ledger, f"{named}: {report.ledger}")
    expect(report.attempts == 1, f"{named}: expected one attempt, got {report.attempts}")


def _named(case: Case) -> str:
    (rung,) = case.rungs()
    return f"{case.family.name}: {rung.method} on {rung.backend}"
