"""What a generated clinic or ward may be told, each with a default that makes a hard, plausible instance."""

from pydantic import Field, field_validator

from escalation.model.frozen import Frozen

SLOT_MINUTES = (5, 10, 15, 20, 30)


class ClinicShape(Frozen):
    """Of a generated outpatient clinic."""

    days: int | None = Field(None, ge=1, le=5, description="Working days; 1 up to 80 patients, 2 above.")
    slot_min: int = Field(15, description="Minutes of a slot: 5, 10, 15, 20 or 30.")
    load: float = Field(1.0, ge=0.2, le=3, description="Demanded over offered hours of clinicians.")
    part_time: float = Field(0.4, ge=0, le=1, description="Share of clinicians who are not there all day.")
    cross_trained: float = Field(
        0.35, ge=0, le=1, description="Share of clinicians with a second speciality."
    )
    required: float = Field(0.05, ge=0, le=0.5, description="Share of patients who must be seen.")

    @field_validator("slot_min")
    @classmethod
    def _known(cls, value: int) -> int:
        if value not in SLOT_MINUTES:
            raise ValueError(f"expected one of {', '.join(map(str, SLOT_MINUTES))}")
        return value


class WardShape(Frozen):
    """Of a generated hospital ward."""

    beds: float = Field(0.85, ge=0.1, le=3, description="Beds over patients.")
    nurses: float = Field(0.8, ge=0.1, le=3, description="Offered over demanded hours of nursing.")
    infected: float = Field(0.25, ge=0, le=1, description="Share of patients who belong to a cohort.")
    required: float = Field(0.05, ge=0, le=0.5, description="Share of patients who must be placed.")
