"""What is said before any solving: who cannot be treated or placed at all, and who cannot be together."""

from collections.abc import Mapping

from escalation.model.errors import BadInput
from problems.optimisation.feasibility.treatable import unplaceable, untreatable
from problems.optimisation.model.models import Appointments, Triage

MOST_NAMED = 5


def refuse_impossible(model: Appointments | Triage, where: Mapping[str, str]) -> tuple[str, ...]:
    """Checks each patient alone, then those who are required together; returns remarks.

    Args:
        model: a clinic or a ward.
        where: the place of every patient by id, for complaints.

    Raises:
        BadInput: naming everybody whom nobody can treat (nowhere can take), with the reason; or a smallest
        set of
            required patients who cannot all be treated (placed).
    """
    alone = _alone(model)
    if alone:
        named = [
            f"{where[name] + ': ' if name in where else ''}patient {name}: {reason}"
            for name, reason in alone[:MOST_NAMED]
        ]
        more = f"; and {len(alone) - MOST_NAMED} more" if len(alone) > MOST_NAMED else ""
        raise BadInput("; ".join(named) + more)
    if sum(patient.required for patient in model.patients) < 2:
        return ()
    from problems.optimisation.feasibility.conflicts import conflict

    found = conflict(model)
    if found.patients:
        raise BadInput(found.sentence)
    return (found.sentence,) if found.sentence else ()


def _alone(model: Appointments | Triage) -> list[tuple[str, str]]:
    if isinstance(model, Appointments):
        reasons = [(patient.id, untreatable(model, patient)) for patient in model.patients]
    else:
        reasons = [(patient.id, unplaceable(model, patient)) for patient in model.patients]
    return [(name, reason) for name, reason in reasons if reason]
