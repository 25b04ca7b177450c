"""A case: one run of the ladder for one problem."""

from base64 import b32encode
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field, JsonValue

from escalation.model.amounts import Amounts
from escalation.model.asked_before import AskedBefore, Question
from escalation.model.attempt import Attempt
from escalation.model.certificate import Certificate
from escalation.model.decision import Decision
from escalation.model.elapsed import Elapsed
from escalation.model.errors import CorruptRecord
from escalation.model.frozen import Frozen
from escalation.model.identity import digest_json
from escalation.model.problem import Problem, Target, Tier
from escalation.model.told import Told


class CaseStatus(StrEnum):
    """Where a case stands, in order; those from `accepted` on are final."""

    RUNNING = "running"
    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    HELD = "held"
    FAILED = "failed"
    ACCEPTED = "accepted"
    ABSTAINED = "abstained"
    REFUSED = "refused"

    @property
    def final(self) -> bool:
        """Whether the case cannot be resumed any more."""
        return self in (CaseStatus.ACCEPTED, CaseStatus.ABSTAINED, CaseStatus.REFUSED)


@dataclass(frozen=True)
class WorkKey:
    """Names one piece of work: (case, attempt, ordinal)."""

    case_id: str
    attempt: int
    ordinal: int

    def __str__(self) -> str:
        return f"{self.case_id}/{self.attempt}/{self.ordinal}"

    def tag(self, ledger: str, digest: str, tries: int) -> str:
        """A name for the work's next try that nothing else bears: 15 characters, the most that PBS takes.

        Args:
            ledger: whose case it is, by its own name: another ledger may have a case of that id.
            digest: of the work.
            tries: of it before, which were lost.
        """
        named = digest_json([ledger, self.case_id, self.attempt, self.ordinal, digest, tries])
        return f"tw-{b32encode(bytes.fromhex(named)).decode()[:12].lower()}"


class CaseInfo(Frozen):
    """What a case is opened with."""

    case_id: str
    problem: Problem
    problem_digest: str
    instance_digest: str
    instance: dict[str, JsonValue] = Field(description="What the instance says of itself.")
    files: dict[str, str] = Field(
        default_factory=dict,
        description="The files that the instance names, by those names: SHA-256 of what is in the store.",
    )
    about: str = Field("", description="The same in one line, for lists and titles.")
    asked: str = Field("", description="The target in words.")
    data_digest: str = Field(
        "", description="What was measured, whatever the seed, split and target; empty where it is not told."
    )
    asked_before: AskedBefore = Field(
        AskedBefore(), description="Other questions to the same data, as the ledger had them at the opening."
    )
    title: str = Field("", description="What was asked, as a sentence.")
    policy_name: str
    policy_digest: str
    policy_text: str
    environment: dict[str, JsonValue] = Field(
        description="Code commit, lock hash, machine, versions, engine."
    )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was assumed about the instance, and what looks wrong with it."""
        before = self.asked_before.in_words()
        return (*self.told, *([before] if before else ()))

    @property
    def told(self) -> tuple[str, ...]:
        """Those that follow from the question and its data alone."""
        said = self.instance.get("remarks")
        return tuple(map(str, said)) if isinstance(said, list) else ()

    @property
    def question(self) -> Question:
        """What decides which answer comes out of the data."""
        target = self.problem.target.in_words()
        return Question(seed=self.problem.seed, target=target, instance=self.instance_digest)


class CaseRecord(Frozen):
    """What the ledger knows about a case."""

    info: CaseInfo
    status: CaseStatus
    opened_at: str
    closed_at: str | None = None
    mlflow_run_id: str | None = None
    outcome: dict[str, JsonValue] | None = None
    new: bool = Field(False, description="Nothing is on record of it yet: it was opened by this very call.")

    def read_outcome(self) -> "Outcome | None":
        """What the case came to, None before it did; raises `CorruptRecord` on what is of another form."""
        try:
            return None if self.outcome is None else Outcome.model_validate(self.outcome)
        except ValueError:
            raise CorruptRecord(
                f"the row cases {self.info.case_id} cannot be read: it holds what this program never writes"
            ) from None


class Outcome(Frozen):
    """What comes back from a case: the best answer found, and how it came about."""

    case_id: str = Field(description="The handle for `--case` and `tierwise explain`.")
    status: CaseStatus = Field(description="How the case ended.")
    tier: Tier | None = Field(None, description="Of the best attempt.")
    method: str | None = Field(None, description="Of the best attempt.")
    backend: str | None = Field(None, description="Where its work ran.")
    device_kind: str | None = Field(
        None, description="What that is: classical, ideal simulator, calibrated rehearsal or hardware."
    )
    value: float | None = Field(None, description="The value that the certificate bounds.")
    certificate: Certificate | None = Field(None, description="Of the best attempt.")
    target: Target | None = Field(None, description="What was to be reached; `value` is of its metric.")
    answer: tuple[str, ...] = Field((), description="What the accepted or best answer is, in words.")
    told: Told | None = Field(None, description="The case in plain sentences, once it stops.")
    limits: tuple[str, ...] = Field(
        (), description="Where the answer is worse than its certificate sounds, as its family found it."
    )
    cost: Amounts = Field(Amounts(), description="Of the whole case; `wall_s` is what its user waited.")
    elapsed: Elapsed = Field(Elapsed(), description="What the elapsed seconds went to.")
    attempts: tuple[Attempt, ...] = Field((), description="In order.")
    decisions: tuple[Decision, ...] = Field((), description="In order.")
    mlflow_run_id: str | None = Field(None, description="The case's run, where MLflow has told it.")
    report: str | None = Field(None, description="The HTML report: SHA-256 of what is in the store.")
    record: str | None = Field(None, description="Path of the report in the home that was asked.")
    paused: str = Field(
        "", description="What the case waits for, where it is held or waiting; why it was interrupted."
    )
    engine: str = Field("plain", description="Who drove the ladder: `prefect` or `plain`.")
    files: dict[str, str] = Field(default_factory=dict, description="The answer's files: name to SHA-256.")
    failures: tuple[str, ...] = Field(
        (), description="Tiers that failed, and why: they gave no answer, which is not to fall short."
    )
    faults: tuple[str, ...] = Field(
        (), description="Tries that the machine ended, which were made anew: of what, how many, why."
    )
    remarks: tuple[str, ...] = Field(
        (), description="What was assumed about the instance, and what looks wrong with it."
    )

    def summary(self) -> dict[str, Any]:
        """Returns the object that `tierwise solve --json` prints."""
        return self.to_json()
