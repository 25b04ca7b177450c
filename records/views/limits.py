"""What an answer does not say: read from the record, so that nobody has to ask for it."""

from collections.abc import Iterator

from escalation.model.calibration import NOT_HARDWARE
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.certificate import CertificateStatus

_UNCERTIFIED = {
    CertificateStatus.BOUNDED: "The answer is proven to be no worse than its bound, which misses the target.",
    CertificateStatus.HEURISTIC: "The answer was checked and no bound was found: a better one may exist.",
    CertificateStatus.INVALID: "The answer failed its check and must not be used.",
}

_APPROXIMATE = ("approximate", "(Kish)")
"""Words by which a certificate's kind says that its bound is not exact: also that of rows that depend on each
other, which counts as that of fewer independent ones (Kish)."""
_EXACT = ("exact for bounded losses", ": Hoeffding;")
"""Words of a bound that is exact for groups too: Hoeffding's theorem 2 takes their sizes as they are."""


def limits(info: CaseInfo, outcome: Outcome) -> Iterator[str]:
    """Yields a sentence for everything that bounds the use of a case's answer."""
    found = outcome.certificate
    if outcome.status is not CaseStatus.ACCEPTED:
        yield f"This case ended {outcome.status}: nothing here was accepted as an answer."
    if found is not None and found.status in _UNCERTIFIED:
        yield _UNCERTIFIED[found.status]
    if found is not None and found.alpha is not None:
        yield (
            f"The certificate is statistical: {_wrong(found.kind, found.alpha)}, and it speaks of data drawn "
            "as the rows kept aside were, from nowhere else and no later time."
        )
    yield from outcome.limits
    if any(attempt.device_kind in NOT_HARDWARE for attempt in outcome.attempts):
        yield "Circuits ran on simulators or a practice service: no claim about quantum hardware follows."
    waived = sorted({each.gate for decision in outcome.decisions for each in decision.waived})
    if waived:
        yield f"The policy did not require {', '.join(waived)}; the reasons stand at the top."
    for line in info.remarks:
        yield f"About the data: {line}"
    if outcome.faults:
        yield "Machines failed on the way; the work was done anew with the same seed."
    if not info.environment.get("lock"):
        yield "The environment was not that of the lock: bit-identical replay is not promised."
    elif info.environment.get("uncommitted_changes"):
        yield "The code had uncommitted changes: the commit alone does not give it back."
    yield (
        "One seed was used: how much the result varies with the seed was not asked. Whether the question, "
        "the data and the use are right is for people to judge."
    )


def _wrong(kind: str, alpha: float) -> str:
    """How often such a certificate is wrong; what its kind calls approximate is not exact here either."""
    if any(word in kind for word in _APPROXIMATE) and not any(word in kind for word in _EXACT):
        return (
            "its bound is approximate, so that it is wrong with a probability of about "
            f"{alpha:.3g} at most, which no theorem promises"
        )
    return f"it is wrong with a probability of at most {alpha:.3g}"
