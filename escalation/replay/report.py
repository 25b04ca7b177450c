"""Report of a replay: what was compared, how, and what came out otherwise."""

from enum import StrEnum

from pydantic import Field, JsonValue

from escalation.model.case import CaseStatus
from escalation.model.frozen import Frozen
from escalation.text.wording import counted


class Mode(StrEnum):
    """What the ladder is given when it is driven again."""

    FROM_RESULTS = "from results"
    RECOMPUTE = "recompute"


class Difference(Frozen):
    """A value that came out otherwise than it is recorded."""

    step: str = Field(description="Of the ladder: `decision 1`, `certificate of attempt 0`, `outcome`.")
    what: str = Field("", description="The way to the value inside the step; empty: the whole of it.")
    recorded: JsonValue = None
    replayed: JsonValue = None


class Replay(Frozen):
    """What driving a case's ladder again came to."""

    case_id: str
    source: str = Field("", description="What was read: a case of the ledger, or an export, and whose.")
    mode: Mode
    status: CaseStatus = Field(description="How the case ended, as recorded.")
    decisions: int = Field(0, description="Decisions made again.")
    attempts: int = Field(0, description="Attempts verified again.")
    works: int = Field(0, description="Pieces of work of these.")
    run_again: int = Field(0, description="Of these, pieces of work that were run again.")
    facts_again: int = Field(0, description="Facts computed again, from problem, data and policy.")
    facts_taken: tuple[str, ...] = Field(
        (), description="Facts of that day, which cannot be had again: taken from the record."
    )
    surroundings: tuple[str, ...] = Field(
        (), description="How this machine and code are other than those of the record."
    )
    not_run_again: tuple[str, ...] = Field(
        (), description="Work whose recorded result was taken where the rest was run again, and why."
    )
    stated: tuple[str, ...] = Field(
        (), description="Attempts that the record says cannot be had bit for bit, and how they compare."
    )
    pruned: tuple[str, ...] = Field(
        (),
        description="Parts of the record that were given up when their time was over: without them the case "
        "cannot be driven again, and nothing of it was compared.",
    )
    ledger: str = Field("", description="What does not fit in the ledger's own chains; empty: all does.")
    differences: tuple[Difference, ...] = Field(
        (), description="In the order of the ladder: the first is the cause, others may follow from it."
    )
    seconds: float = Field(0.0, description="Elapsed seconds that it took.")

    @property
    def same(self) -> bool:
        """Whether everything came out as recorded, or as near to it as the record promises."""
        return not self.differences and not self.ledger and not self.pruned

    @property
    def rests_on(self) -> str:
        """Which facts the decisions saw, in a line."""
        if not self.facts_again and not self.facts_taken:
            return "the decisions asked for no facts"
        taken = f"; of that day, as recorded: {', '.join(self.facts_taken)}" if self.facts_taken else ""
        return f"facts computed again: {self.facts_again}{taken}"

    @property
    def said(self) -> str:
        """How it came out, and what was compared, in a line."""
        if self.pruned:
            return f"{self.status}, as recorded; whether it comes out again cannot be told any more"
        again = f"{self.run_again} run again" if self.mode is Mode.RECOMPUTE else "from their stored results"
        how = ", as recorded" if self.same else " is what the record says, and it does not come out again"
        return (
            f"{self.status}{how}: {counted(self.decisions, 'decision', 'decisions')}, "
            f"{counted(self.attempts, 'attempt', 'attempts')}, "
            f"{counted(self.works, 'piece of work', 'pieces of work')} {again}"
        )
