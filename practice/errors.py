"""Refusals of the service, as HTTP statuses."""

from escalation.errors import TierwiseError


class Refusal(TierwiseError):
    """The service refuses a call.

    Attributes:
        status: of the HTTP answer.
        code: for machines.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def unknown(kind: str, name: str) -> Refusal:
    """The refusal of something that does not exist."""
    return Refusal(404, "not_found", f"{kind} not found: {name}")
