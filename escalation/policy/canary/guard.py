"""The guard of a canary: whether its cases end worse, or cost more, than the acting policy's meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass

from escalation.model.canary import BAD, ENDED, CanaryCase
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
        pairs: cases of the canary that were compared with one of the acting policy's, opened next before it.
        dearer: of those, where the canary's cost more than the bound allows.
        because: why the canary is to end; empty where it goes on.
    """

    canary: Arm
    acting: Arm
    pairs: int
    dearer: int
    because: str = ""


def guard(cases: Sequence[CanaryCase], bound: float, error: float) -> CanaryState:
    """Looks at the cases since the canary began, in the order in which they were opened.

    Two tests share `error`, the probability that a canary that is within the bound is ever ended: whether the
    share of bad ends is larger than the acting policy's by more than `bound`, by confidence sequences of
    both; and whether more than half of the canary's cases cost more than (1 + bound) times the case of the
    acting policy that was opened next before, a sign test by the same means. Each case of the acting policy
    is compared once, so that the pairs are independent where the cases are.
    """
    ended = [case for case in cases if case.status in ENDED]
    canary, acting = (
        _arm([each for each in ended if each.canary is arm], error / 4) for arm in (True, False)
    )
    signs = _dearer(ended, bound)
    least, _ = share_bounds(sum(signs), len(signs), error / 2)
    because = ""
    if canary.least > acting.most + bound:
        because = (
            f"{canary.bad} of {canary.cases} cases of the canary failed, were refused or are held, "
            f"{acting.bad} of {acting.cases} of the acting policy's"
        )
    elif least > 0.5:
        because = f"{sum(signs)} of {len(signs)} cases of the canary cost more than the acting policy's"
    return CanaryState(canary, acting, len(signs), sum(signs), because)


def _arm(cases: Sequence[CanaryCase], alpha: float) -> Arm:
    bad = sum(case.status in BAD for case in cases)
    least, most = share_bounds(bad, len(cases), alpha)
    return Arm(len(cases), bad, least, most, float(sum(case.usd for case in cases)))


def _dearer(cases: Sequence[CanaryCase], bound: float) -> list[bool]:
    """By case of the canary, whether it was dearer than the acting policy's next before it."""
    other: CanaryCase | None = None
    found = []
    for case in cases:
        if not case.canary:
            other = case
        elif other is not None:
            found.append(case.dearer(other, bound))
            other = None
    return found
