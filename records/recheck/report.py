"""What came of verifying a sample of ended cases again."""

from enum import StrEnum

from pydantic import Field

from escalation.model.frozen import Frozen
from escalation.text.wording import counted, listed


class CheckResult(StrEnum):
    """What came of one case."""

    SAME = "as recorded"
    DIFFERENT = "comes out otherwise"
    PRUNED = "bytes were pruned"
    UNCLEAR = "cannot be told"
    UNFINISHED = "took too long"

    @property
    def verified(self) -> bool:
        """Whether the case was looked at to its end."""
        return self in (CheckResult.SAME, CheckResult.DIFFERENT)


class CheckedCase(Frozen):
    """A case of the sample."""

    case_id: str
    family: str = ""
    waited_since: str = Field(description="When it ended or was last tried before; ISO 8601, UTC.")
    result: CheckResult
    why: str = Field("", description="What differs first, or why it cannot be told.")
    certificates: int = Field(0, description="Attempts that were verified again.")
    seconds: float = 0.0

    @property
    def to_do(self) -> str:
        """The command to look."""
        return "" if self.result is CheckResult.SAME else f"tierwise replay {self.case_id} --all"


class Rechecked(Frozen):
    """A sample of ended cases, verified again."""

    seed: str = Field(description="Of the random half: the date.")
    size: int = Field(description="How many were wanted.")
    ended: int = Field(description="Cases that are over and can be driven again, of which they were drawn.")
    pruned: int = Field(
        0,
        description="Cases that are over and cannot: files of theirs were given up when their time was over.",
    )
    nights: int = Field(description="Within so many such samples each of these is tried.")
    checked: tuple[CheckedCase, ...] = Field((), description="What was tried, in this order.")
    left: tuple[str, ...] = Field(
        (), description="Cases that there was no time for; next time they come first."
    )

    @property
    def different(self) -> tuple[CheckedCase, ...]:
        """Cases that do not come out as recorded."""
        return tuple(each for each in self.checked if each.result is CheckResult.DIFFERENT)

    @property
    def unclear(self) -> tuple[CheckedCase, ...]:
        """Cases of which nobody can tell, which is not to be as recorded."""
        unclear = (CheckResult.UNCLEAR, CheckResult.UNFINISHED)
        return tuple(each for each in self.checked if each.result in unclear)

    @property
    def said(self) -> str:
        """What was tried and came of it, in a line that names the first case to look at."""
        pruned = (
            f"; {counted(self.pruned, 'case', 'cases')} left out, whose files were pruned"
            if self.pruned
            else ""
        )
        return f"{self._said}{pruned}"

    @property
    def _said(self) -> str:
        if not self.ended and self.pruned:
            return "no case that is over can be driven again"
        if not self.ended:
            return "no case is over yet: there is nothing to verify again"
        if self.different:
            first, count = self.different[0], len(self.different)
            return (
                f"{count} of {counted(len(self.checked), 'case', 'cases')} verified again "
                f"{'does' if count == 1 else 'do'} not come out as recorded: {first.case_id} ({first.why}); "
                f"look with `{first.to_do}`"
            )
        counts = [
            (sum(each.result is result for each in self.checked), result)
            for result in CheckResult
        ]  # fmt: skip
        told = listed([f"{count} {result}" for count, result in counts if count] or ["none"])
        more = f"; no time for {len(self.left)}, which come first next time" if self.left else ""
        first_unclear = f"; {self.unclear[0].case_id}: {self.unclear[0].why}" if self.unclear else ""
        return f"of {counted(self.ended, 'ended case', 'ended cases')} {told}{more}{first_unclear}"

    @property
    def promise(self) -> str:
        """How long a case can wait, in a sentence; empty where there is none."""
        if not self.ended:
            return ""
        nights, cases = counted(self.nights, "such sample", "such samples"), f"{self.ended:,}"
        all_of_them = "The one ended case" if self.ended == 1 else f"Each of the {cases} ended cases"
        return f"{all_of_them} is tried within {nights}, as long as there is time for all that is drawn."
