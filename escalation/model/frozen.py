"""The base of every domain object that is written down."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from escalation.model.identity import digest_json
from escalation.model.shown import html_of


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC; one without a zone is one in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(in_utc)]
"""A time that is UTC, however it was given."""


class Frozen(BaseModel):
    """An immutable, fully validated object whose identity is the SHA-256 of its canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> dict[str, Any]:
        """Returns the object as plain JSON data."""
        return self.model_dump(mode="json", by_alias=True)

    def _repr_html_(self) -> str | None:
        """What a notebook shows; None: it prints the object."""
        return html_of(self)

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return digest_json(self.to_json())
