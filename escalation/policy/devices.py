"""Which of several devices a rung is looked at on: the one that the policy prefers of those that are open.

A preference opens nothing: it orders the devices on which every condition is met, and where there is none it
changes nothing but which of them is told about.
"""

from collections.abc import Sequence

from escalation.model.decision import Considered
from escalation.policy.conditions import show


def preferred(found: Sequence[Considered], otherwise: str) -> str:
    """The device that is best of those that are open; `otherwise` where none is.

    One whose fact is unknown comes after all others; of equals the first is taken.
    """
    among = [each for each in found if not each.closed]
    return min(among, key=_rank).backend if among else otherwise


def _rank(device: Considered) -> tuple[bool, float]:
    if device.value is None:
        return True, 0.0
    return False, -device.value if device.most else device.value


def chosen(found: Sequence[Considered], best: str) -> tuple[Considered, ...]:
    """The devices with that one marked."""
    return tuple(each.model_copy(update={"chosen": each.backend == best}) for each in found)


def preference_words(found: Sequence[Considered]) -> str:
    """What was compared: `of 2 devices aer is preferred (least quote.usd: aer 0 USD; other: 3 USD)`."""
    best = next(each for each in found if each.chosen)
    what = f"{'most' if best.most else 'least'} {best.fact}"
    return f"of {len(found)} devices {best.backend} is preferred ({what}: {'; '.join(map(_device, found))})"


def _device(device: Considered) -> str:
    if device.closed:
        return f"{device.backend} not open, {', '.join(device.closed)}"
    value = "unknown" if device.value is None else show(device.value, device.unit)
    return f"{device.backend} {value}"
