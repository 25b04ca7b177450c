"""Bytes of a case that the site gave up when the time was over for which it keeps them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field

from escalation.model.frozen import Frozen


class BytesOf(StrEnum):
    """What bytes in the store are of a case; of those that are several things, the first here counts."""

    PAID = "paid"
    """Of work that was paid for: never given up."""
    DATA = "data"
    WORK = "work"
    CANDIDATE = "candidate"
    ANSWER = "answer"
    REPORT = "report"

    @property
    def needed_to_replay(self) -> bool:
        """Whether a case cannot be driven again without them: answer and report are made anew."""
        return self not in (BytesOf.ANSWER, BytesOf.REPORT)


class PrunedFile(Frozen):
    """A file of the store that was given up."""

    sha256: str = Field(description="Its digest, which the case's rows go on naming.")
    bytes: int = Field(description="How large it was.")
    of: BytesOf = Field(description="What it was of the case.")


class Pruning(Frozen):
    """What was given up of a case at one time, as its chain of events says."""

    at: str = Field(description="When; ISO 8601.")
    rule: str = Field(description="By which rule, in words.")
    by: str = Field(description="Who said so, as the system knows them.")
    files: tuple[PrunedFile, ...] = Field(description="What.")

    @classmethod
    def of(cls, at: str, body: Mapping[str, object]) -> Self:
        """What the body of an event says; raises `ValueError` or `LookupError` where it says less."""
        return cls.model_validate({"at": at, **{name: body[name] for name in ("rule", "by", "files")}})


class LegalHold(Frozen):
    """That nothing of a case is given up, however old it is, until somebody says so."""

    at: str = Field(description="Since when; ISO 8601.")
    by: str = Field(description="Who said so, as the system knows them.")
    because: str = Field(description="Why, for the record.")
