"""How often the same data were asked before: a confidence is for one question, asked once."""

from pydantic import Field

from escalation.model.frozen import Frozen

MOST = 100
"""Questions that are counted."""


class Question(Frozen):
    """What of a problem decides which answer comes out of given data."""

    seed: int
    target: str = Field(description="In words.")
    instance: str = Field(description="Digest of the instance: data, columns, split.")


class AskedBefore(Frozen):
    """Other questions to the same data in a ledger, as of when a case was opened."""

    times: int = Field(0, description=f"Different ones, {MOST} at most.")
    seeds: int = Field(0, description="Of these, with another seed.")
    targets: int = Field(0, description="Of these, with another target.")
    otherwise: int = Field(
        0, description="Of these, with the same seed and target, but other columns or split."
    )

    @classmethod
    def of(cls, question: Question, before: "set[Question]") -> "AskedBefore":
        """Counts the questions that differ from this one; the very same one has the same answer."""
        others = before - {question}
        seeds = sum(other.seed != question.seed for other in others)
        targets = sum(other.target != question.target for other in others)
        same = sum((other.seed, other.target) == (question.seed, question.target) for other in others)
        return cls(times=min(len(others), MOST), seeds=seeds, targets=targets, otherwise=same)

    def in_words(self) -> str:
        """One sentence for who reads the answer; empty where nothing was asked before."""
        if not self.times:
            return ""
        named = {
            "seeds": self.seeds, "targets": self.targets, "columns or another split": self.otherwise
        }  # fmt: skip
        other = " and ".join(f"other {name}" for name, count in named.items() if count)
        often = "once" if self.times == 1 else f"{self.times} times"
        more = " or more" if self.times == MOST else ""
        return (
            f"the same data were asked {often}{more} before in this ledger, with {other}: the confidence is "
            "for one question asked once, and the best of several answers is wrong more often"
        )
