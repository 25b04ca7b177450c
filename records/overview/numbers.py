"""The numbers of an overview."""

from datetime import datetime

from pydantic import Field

from escalation.model.amounts import Amounts, Caps
from escalation.model.frozen import Frozen
from escalation.model.submission import Period


class FamilyCount(Frozen):
    """The cases of a family that were opened in a span of time, by how they stand."""

    family: str
    cases: int = 0
    tiers: dict[str, int] = Field(
        default_factory=dict, description="Accepted answers by the tier that they came from."
    )
    certified: int = Field(0, description="Accepted answers with a certificate that proves the target.")
    uncertified: int = Field(0, description="Answers that the policy accepts without: heuristic, or bounded.")
    abstained: int = 0
    refused: int = 0
    held: int = Field(0, description="A person is asked.")
    open: int = Field(0, description="Running, waiting for a job, or interrupted.")
    failed: int = 0


class ConditionCount(Frozen):
    """In how many cases a condition of the quantum tier was not met."""

    condition: str
    because: str
    cases: int


class QuantumCount(Frozen):
    """How often quantum was asked about and tried, in cases."""

    asked: int = Field(0, description="A decision looked at it: it was tried, or a condition was not met.")
    tried: int = 0
    answered: int = Field(0, description="The accepted answer came from it.")
    kinds: dict[str, int] = Field(
        default_factory=dict, description="Cases by what it was tried on: hardware, practice, a simulator."
    )
    conditions: tuple[ConditionCount, ...] = Field((), description="The most frequent first.")


class SpanCount(Frozen):
    """What was done in a span of time.

    Money counts in the span in which it was set aside, whatever became of it since.
    """

    since: datetime
    until: datetime
    families: tuple[FamilyCount, ...] = ()
    quantum: QuantumCount = QuantumCount()
    used: Amounts = Field(Amounts(), description="By the cases that were opened in it.")
    spent: Amounts = Field(Amounts(), description="Billed.")
    reserved: Amounts = Field(Amounts(), description="Set aside, and not billed yet.")
    practice: Amounts = Field(Amounts(), description="Billed and set aside in practice; nobody is charged.")
    unreadable: int = Field(0, description="Cases that are on record and cannot be read.")

    @property
    def total(self) -> FamilyCount:
        """All families together."""
        tiers: dict[str, int] = {}
        for each in self.families:
            for tier, count in each.tiers.items():
                tiers[tier] = tiers.get(tier, 0) + count
        names = ("cases", "certified", "uncertified", "abstained", "refused", "held", "open", "failed")
        sums = {name: sum(getattr(each, name) for each in self.families) for name in names}
        return FamilyCount(family="all", tiers=tiers, **sums)


class LimitUse(Frozen):
    """A limit, and what of it is taken in the period that now lies in."""

    project: str
    period: Period
    taken: Amounts
    caps: Caps


class PersonsWork(Frozen):
    """What waits for a person now."""

    questions: int = Field(0, description="Open, and still to be answered in time.")
    expired: int = Field(0, description="Asked, and too old to be answered.")
    oldest_asked_at: float | None = Field(None, description="Of the open ones; seconds since the epoch.")
    held: int = Field(0, description="Cases.")
    parked: tuple[str, ...] = Field((), description="Submissions that no question to a service can decide.")
    unattended: tuple[str, ...] = Field((), description="Work that may be charged and nobody looks after.")


class ChecksMade(Frozen):
    """How the records were checked in a span of time, and which ended case waits longest."""

    audits: int = 0
    audit_findings: tuple[str, ...] = ()
    more_audit_findings: int = 0
    samples: int = 0
    sampled: int = Field(0, description="Cases that were verified again, each time counted.")
    sample_findings: tuple[str, ...] = ()
    ended: int = Field(0, description="Cases that are over, ever, and can be driven again.")
    pruned: int = Field(0, description="Cases that cannot: files of theirs were given up in time.")
    never: int = Field(0, description="Of these, cases that were not verified since they ended.")
    oldest: str = Field("", description="The ended case whose end, or last verification, is longest ago.")
    oldest_since: str = Field("", description="When that was; ISO 8601, UTC.")


class DeviceDrift(Frozen):
    """How a device's calibration changed.

    Fidelities are those expected of a line of 10 qubits under 45 two-qubit gates, measured.
    """

    device: str
    kept: int = Field(description="Calibrations that were new.")
    before: float | None = Field(None, description="The last one before.")
    now: float | None = Field(None, description="The last one.")
    calibrated_at: str | None = None


class Overview(Frozen):
    """A span of time beside the one before, and how things stand now."""

    span: SpanCount
    before: SpanCount
    limits: tuple[LimitUse, ...] = ()
    waiting: PersonsWork = PersonsWork()
    checks: ChecksMade = ChecksMade()
    devices: tuple[DeviceDrift, ...] = ()
