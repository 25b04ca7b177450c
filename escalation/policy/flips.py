"""What would have changed a decision: the smallest changes of facts that were looked at, in words."""

from collections.abc import Sequence

from escalation.model.decision import Flip, Miss
from escalation.policy.conditions import distance, words
from escalation.policy.ladder_state import LadderState
from escalation.policy.looking import Look
from escalation.text.rounding import at_worst


def nearest(looks: Sequence[Look]) -> Flip | None:
    """Of the rungs that were closed, the one with the fewest and smallest changes away from open."""
    flips = [
        (tuple(miss for closed in look.closed for miss in closed.misses), look.rung)
        for look in looks
        if look.closed
    ]
    if not flips:
        return None
    changes, rung = min(flips, key=lambda flip: (len(flip[0]), sum(map(distance, flip[0]))))
    return gates_flip(changes, f"would have tried {rung.tier} ({rung.method} on {rung.backend})")


def gates_flip(changes: tuple[Miss, ...], would: str) -> Flip:
    """Of conditions that were not met: all of them would have had to be."""
    text = f"{would} if " + ", and ".join(map(words, changes))
    return Flip(would=would, changes=changes, text=text)


def value_flip(miss: Miss, would: str, shown: str) -> Flip:
    """Of a value that is a bound: shown so that it looks no better than it is."""
    return Flip(would=would, changes=(miss,), text=f"{would} if {words(miss, shown)}")


def target_flip(state: LadderState, would: str, *, reached: bool) -> Flip | None:
    """What the last certificate's value would have had to be."""
    certificate = state.last.certificate if state.last else None
    if certificate is None or certificate.value is None:
        return None
    upwards = state.target.at_least is not None
    comparison = ("below" if upwards else "above") if reached else ("at_least" if upwards else "at_most")
    miss = Miss(
        fact="attempt.value",
        value=certificate.value,
        comparison=comparison,
        limit=state.target.limit,
        margin=certificate.value - state.target.limit,
    )
    return value_flip(miss, would, at_worst(certificate.value, state.target))
