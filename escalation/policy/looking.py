"""What the gates say about a rung: the floor's rules and the policy's, on the facts as they are looked up."""

from collections.abc import Sequence
from dataclasses import dataclass

from escalation.model.calibration import DeviceKind
from escalation.model.decision import Closed, Waived
from escalation.policy.checks import known_facts
from escalation.policy.conditions import Lookup, fact_names, misses
from escalation.policy.floor import GATES, FloorRule
from escalation.policy.ladder_state import Rung
from escalation.policy.rules import Policy


@dataclass(frozen=True)
class Look:
    """What the gates said about a rung."""

    rung: Rung
    closed: tuple[Closed, ...]
    waived: tuple[Waived, ...]

    @property
    def open(self) -> bool:
        return not self.closed


def look_at(policy: Policy, family: str, rung: Rung, lookup: Lookup) -> Look:
    """Evaluates the gates of a rung: the floor's, then those with cheap facts; stops where they close it."""
    below = closed_by_floor(rung, GATES, lookup)
    if below:
        return Look(rung, below, ())
    gates = policy.gates_of(rung.tier, family)
    specs = known_facts()
    ordered: dict[int, list[int]] = {}
    for index, gate in enumerate(gates):
        rank = max(specs[name].cost.rank for name in fact_names(gate.when))
        ordered.setdefault(rank, []).append(index)
    closed: list[Closed] = []
    waived: list[Waived] = []
    for rank in sorted(ordered):
        for index in ordered[rank]:
            gate = gates[index]
            missed = misses(gate.when, lookup)
            if not missed:
                continue
            waiver = policy.waived.get(gate.id)
            if waiver and rung.device_kind is not DeviceKind.HARDWARE:
                waived.append(Waived(gate=gate.id, because=waiver.because, misses=missed))
            else:
                closed.append(Closed(gate=gate.id, tier=gate.tier, because=gate.because, misses=missed))
        if closed:
            break
    return Look(rung, tuple(closed), tuple(waived))


def closed_by_floor(rung: Rung, rules: Sequence[FloorRule], lookup: Lookup) -> tuple[Closed, ...]:
    """The rules of the floor that are not met; none count off hardware, and no waiver is asked after."""
    if rung.device_kind is not DeviceKind.HARDWARE:
        return ()
    return closed_by(rung, rules, lookup)


def closed_by(rung: Rung, rules: Sequence[FloorRule], lookup: Lookup) -> tuple[Closed, ...]:
    """The rules that are not met."""
    found = ((rule, misses(rule.when, lookup)) for rule in rules)
    return tuple(
        Closed(gate=rule.id, tier=rung.tier, because=rule.because, misses=missed)
        for rule, missed in found
        if missed
    )
