"""One request to the service and what came of it; why one did not go out."""

from dataclasses import dataclass, field

import requests


class LocallyRefused(requests.RequestException):
    """Our side did not let a request out; the service knows nothing of it."""


class NoAccessToken(requests.RequestException):
    """IBM's identity service gave no access token, so the request was not sent.

    Attributes:
        status: of its answer; None where there was none.
    """

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Exchange:
    """One request and what came of it.

    Attributes:
        body_begun: whether any byte of the request's body has been handed to the socket.
        status: of the answer; None where none came.
        body: of the answer, whole; empty where it did not come whole.
        error: what ended it, where no whole answer came.
    """

    method: str
    path: str
    body_begun: bool = False
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: Exception | None = None

    @property
    def good(self) -> bool:
        """Whether a whole answer came, and said yes."""
        return self.error is None and self.status is not None and self.status < 400

    @property
    def refusal(self) -> int | None:
        """The status of a refusal: the service's, or that of the identity service."""
        status: int | None = getattr(self.error, "status", None) if self.status is None else self.status
        return None if self.good else status
