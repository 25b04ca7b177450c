"""The guard of a canary: whether its cases end worse, or cost more, than the acting policy's meanwhile."""

from dataclasses import dataclass

from escalation.model.canary import ArmCount, CanaryCount
from escalation.policy.canary.sequential import share_bounds


@dataclass(frozen=True)
class Arm:
    """Cases of one policy that have ended.

    Attributes:
        cases: how many.
        bad: how many of them failed, were refused, or are held for a person.
        least: of that share, by its confidence sequence.
        most: likewise.
        usd: what they cost together.
    """

    cases: int
    bad: int
    least: float
    most: float
    usd: float


@dataclass(frozen=True)
class CanaryState:
    """How both policies do.

    Attributes:
        canary: its cases.
        acting: the acting policy's.
        pairs: cases of the canary that were compared with one of the acting policy's, that ended before it.
        dearer: of those, where the canary's cost more than the bound allows.
        because: why the canary is to end; empty where it goes on.
    """

    canary: Arm
    acting: Arm
    pairs: int
    dearer: int
    because: str = ""


def guard(count: CanaryCount, error: float) -> CanaryState:
    """Looks at the cases since the canary began.

    Two tests share `error`, the probability that a canary that is within the bound is ever ended: whether the
    share of bad ends is larger than the acting policy's by more than the bound, by confidence sequences of
    both; and whether more than half of the canary's cases cost more than (1 + bound) times the case of the
    acting policy that ended before, a sign test by the same means.
    """
    canary, acting = _arm(count.canary, error / 4), _arm(count.acting, error / 4)
    least, _ = share_bounds(count.dearer, count.pairs, error / 2)
    because = ""
    if canary.least > acting.most + count.bound:
        because = (
            f"{canary.bad} of {canary.cases} cases of the canary failed, were refused or are held, "
            f"{acting.bad} of {acting.cases} of the acting policy's"
        )
    elif least > 0.5:
        because = f"{count.dearer} of {count.pairs} cases of the canary cost more than the acting policy's"
    return CanaryState(canary, acting, count.pairs, count.dearer, because)


def _arm(count: ArmCount, alpha: float) -> Arm:
    least, most = share_bounds(count.bad, count.cases, alpha)
    return Arm(count.cases, count.bad, least, most, count.usd)
