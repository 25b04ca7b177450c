"""The verifier's finding on a candidate."""

from enum import StrEnum

from pydantic import Field, JsonValue

from escalation.model.frozen import Frozen


class CertificateStatus(StrEnum):
    """From best to worst; only CERTIFIED answers are ever accepted."""

    CERTIFIED = "CERTIFIED"
    BOUNDED = "BOUNDED"
    HEURISTIC = "HEURISTIC"
    INVALID = "INVALID"

    @property
    def rank(self) -> int:
        """0 is best."""
        return list(CertificateStatus).index(self)


class Control(Frozen):
    """A paired comparison of the candidate with a null control: the same answer made without the help."""

    name: str = Field(description="Of the null control.")
    value: float = Field(description="The control's metric on the same untouched data.")
    difference: float = Field(description="Candidate minus control, positive where the candidate is better.")
    p_value: float = Field(ge=0, le=1, description="One-sided, of 'the candidate is no better'.")


class Certificate(Frozen):
    """What somebody other than the solver found out about a candidate."""

    status: CertificateStatus = Field(description="From best to worst; only CERTIFIED is ever accepted.")
    kind: str = Field(description="What was bounded and how.")
    value: float | None = Field(None, description="The bound that holds, in the target's unit.")
    estimate: float | None = Field(None, description="The point estimate that the bound belongs to.")
    best_possible: float | None = Field(
        None, description="Proven: no answer's value is better than this, in the target's unit."
    )
    alpha: float | None = Field(
        None, description="The error allowed to this certificate, this rung's share; None: it is a proof."
    )
    tolerance: float | None = Field(None, description="Of a proof: the numerical gap that the target allows.")
    verifier: str = Field(description="Name and version of the verifier.")
    reasons: tuple[str, ...] = Field((), description="Why it is not better than it is.")
    controls: tuple[Control, ...] = Field((), description="Paired comparisons with the null controls.")
    evidence: dict[str, JsonValue] = Field(
        default_factory=dict,
        description="What the finding rests on: row counts, digests, method of the bound.",
    )

    @property
    def other_estimate(self) -> float | None:
        """The point estimate where it is not the value itself."""
        return None if self.estimate == self.value else self.estimate
