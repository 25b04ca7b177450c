"""What a user states: an instance of a family, the target an answer must reach, the budget."""

from enum import StrEnum
from typing import Self

from pydantic import Field, JsonValue, model_validator

from escalation.model.amounts import Caps
from escalation.model.frozen import Frozen
from escalation.model.texts import unstorable_in


class Tier(StrEnum):
    """The three kinds of computing, in the order in which they are tried."""

    HPC = "hpc"
    AI = "ai"
    QUANTUM = "quantum"

    @property
    def rank(self) -> int:
        """0 for hpc, 1 for ai, 2 for quantum."""
        return list(Tier).index(self)


class DataClass(StrEnum):
    """How sensitive the instance's data are."""

    PUBLIC = "public"
    DEIDENTIFIED = "deidentified"
    IDENTIFIABLE = "identifiable"


class Stage(StrEnum):
    """How far the use of the answer has been evaluated."""

    RETROSPECTIVE = "retrospective"
    SILENT = "silent"
    ASSISTED = "assisted"
    LIVE = "live"


class Target(Frozen):
    """What an answer must reach: one metric, one side, one confidence."""

    metric: str = Field(description="A metric that the family knows, for instance `roc_auc`.")
    at_least: float | None = Field(None, description="The value to reach from above.")
    at_most: float | None = Field(None, description="The value to reach from below.")
    confidence: float = Field(
        0.95, gt=0.5, lt=1.0, description="1 - α of the whole case, shared by all its rungs."
    )

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("expected exactly one of at_least and at_most")
        return self

    @property
    def limit(self) -> float:
        """The value to reach."""
        limit = self.at_least if self.at_least is not None else self.at_most
        assert limit is not None
        return limit

    @property
    def limit_shown(self) -> str:
        """The value as it was stated: every digit, none more."""
        return f"{self.limit:.15g}"

    @property
    def limit_in_words(self) -> str:
        """`at least 0.97`."""
        return f"{'at least' if self.at_least is not None else 'at most'} {self.limit_shown}"

    @property
    def alpha(self) -> float:
        """The error the whole case may make, 1 - confidence."""
        return 1.0 - self.confidence

    def in_words(self, *, sure: bool = True) -> str:
        """The target in words; `sure` says its confidence too, which plays no part where a proof decides."""
        confidence = f" with confidence {self.confidence:g}" if sure else ""
        return f"{self.metric} {self.limit_in_words}{confidence}"

    def reached_by(self, value: float) -> bool:
        """Tells whether `value` is on the right side of the limit."""
        return value >= self.limit if self.at_least is not None else value <= self.limit


class Problem(Frozen):
    """Family, instance, target, budget, data class and seed: everything that a case is about."""

    family: str = Field(description="The kind of problem, for instance `prediction`.")
    instance: dict[str, JsonValue] = Field(description="What the family loads.")
    target: Target = Field(description="What an answer must reach.")
    budget: Caps = Field(Caps(), description="What the case may spend.")
    data_class: DataClass = Field(
        DataClass.IDENTIFIABLE,
        description="How sensitive the data are; decides whether they may leave the site.",
    )
    stage: Stage = Field(Stage.RETROSPECTIVE, description="How far the use of the answer has been evaluated.")
    seed: int = Field(0, ge=0, lt=2**32, strict=True, description="All chance is derived from it.")

    @model_validator(mode="after")
    def _can_be_recorded(self) -> Self:
        stated = {"family": self.family, "instance": self.instance, "target": self.target.to_json()}
        if (place := unstorable_in(stated)) is not None:
            raise ValueError(f"{place}: expected text, without NUL and lone surrogates")
        return self


class ProblemFile(Problem):
    """A problem file: the problem, and the policy to use where the command names none."""

    policy: str | None = Field(
        None, description="The policy to use where the command names none; `default` where neither does."
    )

    def problem(self) -> Problem:
        """The problem alone; the policy is no part of its identity."""
        return Problem.model_validate(self.model_dump(exclude={"policy"}))
