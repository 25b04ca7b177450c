"""What came of a case, for a reader who knows neither its methods nor its statistics."""

from pydantic import Field

from escalation.model.frozen import Frozen


class Told(Frozen):
    """A case in plain sentences: what terminal, report and pages show first."""

    asked: str = Field(description="What was asked: the title.")
    answer: str = Field(description="What came out of it.")
    rests_on: str = Field(description="Why that can be believed, in one sentence.")
    cost: str = Field(description="What it took.")
    files: dict[str, str] = Field(
        default_factory=dict, description="What each file is that somebody came for, by its name."
    )
    next_steps: tuple[str, ...] = Field(
        (), description="What to do now, or what would help; first things first."
    )
