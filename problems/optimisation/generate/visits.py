"""What patients come for, and how urgent they are, in a generated outpatient clinic.

Durations are log-normal, the usual choice for consultations; observed coefficients of variation of
consultation times lie between about 0.35 and 0.85 (Cayirli & Veral 2003, Production and Operations Management
12, 519). The mix of visits, their means and the mix of urgencies are assumptions for a general outpatient
department, not measurements: most of its work is routine.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LONGEST_MIN = 120
"""No appointment is longer: half of a session."""

URGENCIES = (0.35, 0.30, 0.20, 0.10, 0.05)
"""Shares of urgency 1 (routine) to 5."""


@dataclass(frozen=True)
class VisitReason:
    """A reason to come.

    Attributes:
        share: of all visits.
        mean_min: mean duration in minutes.
        variation: coefficient of variation of the duration.
        speciality: the skill that every clinician for it has.
        skills: further skills.
        equipment: what the room must have.
    """

    share: float
    mean_min: float
    variation: float
    speciality: str
    skills: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()

    @property
    def all_skills(self) -> tuple[str, ...]:
        """What the clinician must be able to do, sorted."""
        return tuple(sorted((self.speciality, *self.skills)))


VISITS: Sequence[VisitReason] = (
    VisitReason(0.32, 20, 0.50, "general"),
    VisitReason(0.16, 30, 0.45, "cardiology", equipment=("ecg",)),
    VisitReason(0.10, 40, 0.35, "cardiology", skills=("echo",), equipment=("echo",)),
    VisitReason(0.14, 30, 0.50, "respiratory", equipment=("spirometry",)),
    VisitReason(0.16, 25, 0.40, "diabetes"),
    VisitReason(0.12, 50, 0.60, "surgery", equipment=("procedure",)),
)


def duration(visit: VisitReason, slot_min: int, rng: np.random.Generator) -> int:
    """Draws a duration, in whole slots, at least one and at most two hours."""
    variance = np.log1p(visit.variation**2)
    drawn_min = rng.lognormal(np.log(visit.mean_min) - variance / 2, np.sqrt(variance))
    return int(np.clip(np.ceil(drawn_min / slot_min), 1, LONGEST_MIN // slot_min))
