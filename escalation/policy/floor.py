"""The floor: what holds for every job on hardware, whatever a policy or a problem says.

The site's settings (`escalation.inputs.settings`) and the limits in its ledger are all that it looks at
beside the work itself. It is enforced twice: by the router, so that a decision says why, and by the steps of
the submission right before money is set aside and right before the POST, so that nothing else that a row may
come from can pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from escalation.inputs.settings import PREFIX, Settings
from escalation.inputs.site import Site
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput
from escalation.model.submission import ApprovalState, Submission
from escalation.policy.conditions import FactLimit, Threshold
from escalation.ports.ledger.budgets import BudgetLedger
from escalation.ports.ledger.cases import CaseLedger
from escalation.ports.machines import Machine
from escalation.ports.paid import PaidBackend
from escalation.ports.registry import backend_descriptor

FLOOR = "floor_"
"""How the ids of the rules begin; a policy's may not."""


@dataclass(frozen=True)
class FloorRule:
    """A rule of the floor."""

    id: str
    because: str
    when: Threshold


GATES: tuple[FloorRule, ...] = (
    FloorRule(
        f"{FLOOR}hardware",
        "Hardware is used only where the site says so, and its policies cannot.",
        Threshold(fact="site.hardware_allowed", equals=True),
    ),
    FloorRule(
        f"{FLOOR}data_class",
        "Data leave the site only in the classes that the site names.",
        Threshold(fact="problem.data_may_leave_site", equals=True),
    ),
    FloorRule(
        f"{FLOOR}limit",
        "Nothing is paid for without a limit in US dollars in the ledger, for its project or for all.",
        Threshold(fact="site.limit_usd", at_least="0 USD"),
    ),
)
"""Each closes every tier whose work goes to hardware, unless its condition is known to be met."""

APPROVAL = FloorRule(
    f"{FLOOR}approval",
    "Data leave the site and money may be spent: a person decides, unless the site says it is too little.",
    Threshold(fact="quote.usd", at_most=FactLimit(fact="site.unasked_usd")),
)
"""Holds every attempt on hardware for a person, unless its condition is known to be met."""


PRICE = FloorRule(
    f"{FLOOR}price",
    "Nodes and cores of this machine are paid for, and must fit the money that is left.",
    Threshold(fact="quote.usd", at_most=FactLimit(fact="budget.usd_left")),
)
"""Closes every tier whose work goes to a machine that charges for nodes or cores, where money has a limit."""


def below(specs: Iterable[str]) -> tuple[FloorRule, ...]:
    """The rules that stand below whatever uses the backends; none where none of them is hardware."""
    places = (backend_descriptor(spec) for spec in specs)
    hardware = any(found.device_kind(device) is DeviceKind.HARDWARE for found, device in places)
    return (*GATES, APPROVAL) if hardware else ()


def is_hardware(machine: Machine, spec: str) -> bool:
    """Whether work there leaves the site and is paid for.

    The backend and its descriptor are asked, not the policy: either saying so is enough, and whatever charges
    and is no practice service is hardware.
    """
    if machine.kind is DeviceKind.HARDWARE:
        return True
    if isinstance(machine, PaidBackend) and machine.kind is not DeviceKind.PRACTICE:
        return True
    try:
        descriptor, device = backend_descriptor(spec)
        return descriptor.device_kind(device) is DeviceKind.HARDWARE
    except BadInput:  # no backend of ours: the machine itself has spoken
        return False


class FloorLedger(CaseLedger, BudgetLedger, Protocol):
    """What the floor looks up: whose data it is, and which money is allowed and set aside."""


def forbids(ledger: FloorLedger, settings: Settings, case_id: str, machine: Machine, spec: str) -> str:
    """Says why work of the case may not be sent there, approved or not; empty where it may."""
    if not is_hardware(machine, spec):
        return ""
    site, problem = Site.of(settings, ledger.limits()), ledger.case(case_id).info.problem
    if not site.hardware_allowed:
        return f"the site allows no hardware: {PREFIX}HARDWARE_ALLOWED is not set"
    if problem.data_class not in site.may_leave:
        allowed = ", ".join(site.may_leave) or "none"
        return f"{problem.data_class} data may not leave the site ({PREFIX}DATA_MAY_LEAVE: {allowed})"
    if site.limit_usd is None:
        who = settings.project
        how = f"`tierwise budget limit --project {who} --per total --usd …` sets one"
        return f"no limit in US dollars for project {who} or for all: {how}"
    return ""


def breach(ledger: FloorLedger, settings: Settings, row: Submission, machine: PaidBackend) -> str:
    """Says why the submission's frozen bytes may not be sent now; empty where they may.

    Money must be set aside for them, and a person must have approved these very bytes at this price.
    """
    if not is_hardware(machine, row.backend):
        return ""
    said = forbids(ledger, settings, row.case_id, machine, row.backend)
    if said or row.price is None or row.payload is None:
        return said or "nothing was frozen and priced"
    if not _covered(ledger, row):
        return f"{row.price.cap.usd:.2f} USD are not set aside for it"
    if Site.of(settings, ()).wants_word(row.price.cap.usd) and not _approved(ledger, row):
        return "no person approved these bytes at this price"
    return ""


def _covered(ledger: BudgetLedger, row: Submission) -> bool:
    assert row.price is not None
    return row.price.cap <= ledger.reserved_for(row.key)


def _approved(ledger: BudgetLedger, row: Submission) -> bool:
    assert row.price is not None
    return any(
        (each.key, each.subject, each.state) == (row.key, row.payload, ApprovalState.USED)
        and each.answered_at is not None
        and row.price.cap <= each.cap
        for each in ledger.approvals(row.case_id)
    )


__all__ = ["APPROVAL", "FLOOR", "GATES", "PRICE", "FloorRule", "below", "breach", "forbids", "is_hardware"]
