"""A case as the guard of a canary sees it, and what many of them come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from pydantic import Field

from escalation.model.case import CaseStatus
from escalation.model.frozen import Frozen

BAD = (CaseStatus.FAILED, CaseStatus.REFUSED, CaseStatus.HELD)
ENDED = (*BAD, CaseStatus.ACCEPTED, CaseStatus.ABSTAINED)


@dataclass(frozen=True)
class CanaryCase:
    """A case since the canary began.

    Attributes:
        canary: whether it ran under the canary; else under the acting policy.
        status: how it stands.
        usd: what it cost, where it has ended.
        cpu_s: seconds of processors that it took, likewise.
    """

    canary: bool
    status: CaseStatus
    usd: float = 0.0
    cpu_s: float = 0.0


class Cost(Frozen):
    """What a case cost."""

    usd: float
    cpu_s: float

    def exceeds(self, other: "Cost", bound: float) -> bool:
        """Whether it is more than (1 + bound) times the other: in money, or else in processor time."""
        if self.usd or other.usd:
            return self.usd > (1 + bound) * other.usd
        return self.cpu_s > (1 + bound) * other.cpu_s


class ArmCount(Frozen):
    """Cases of one policy that have ended."""

    cases: int = 0
    bad: int = Field(0, description="How many failed, were refused, or were held for a person.")
    usd: float = Field(0.0, description="What they cost together.")

    def plus(self, case: CanaryCase) -> "ArmCount":
        """With one more."""
        return ArmCount(cases=self.cases + 1, bad=self.bad + (case.status in BAD), usd=self.usd + case.usd)


class CanaryCount(Frozen):
    """What the cases that have ended come to, each counted once, as it was first seen to have ended."""

    bound: float = Field(description="Share by which a case may cost more than the one before.")
    canary: ArmCount = ArmCount()
    acting: ArmCount = ArmCount()
    pairs: int = Field(0, description="Cases of the canary compared with the acting policy's one before.")
    dearer: int = Field(0, description="Of those, where the canary's cost more than the bound allows.")
    before: Cost | None = Field(
        None, description="Of the acting policy's last case, while nobody is compared."
    )

    def plus(self, case: CanaryCase) -> "CanaryCount":
        """With one more case; one that has not ended does not count.

        Each case of the acting policy is compared once, so that pairs are independent where the cases are.
        """
        if case.status not in ENDED:
            return self
        cost = Cost(usd=case.usd, cpu_s=case.cpu_s)
        if not case.canary:
            return self.model_copy(update={"acting": self.acting.plus(case), "before": cost})
        counted = {"canary": self.canary.plus(case)}
        if self.before is None:
            return self.model_copy(update=counted)
        dearer = self.dearer + cost.exceeds(self.before, self.bound)
        return self.model_copy(update={**counted, "pairs": self.pairs + 1, "dearer": dearer, "before": None})

    @classmethod
    def of(cls, cases: Iterable[CanaryCase], bound: float) -> "CanaryCount":
        """What these come to, in this order."""
        return reduce(CanaryCount.plus, cases, cls(bound=bound))
