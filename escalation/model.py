"""The base of every domain object that is written down."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from escalation.identity import digest_json


class Frozen(BaseModel):
    """An immutable, fully validated object whose identity is the SHA-256 of its canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> dict[str, Any]:
        """Returns the object as plain JSON data."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return digest_json(self.to_json())
