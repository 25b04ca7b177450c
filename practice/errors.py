"""What goes wrong here: asked for what cannot be used, or refused as an HTTP status."""


class PracticeError(Exception):
    """The root of what this service raises on purpose."""


class UnusableJob(PracticeError, ValueError):
    """A setting, a rule or a job that cannot be used: says what was expected, and what came."""


class Refusal(PracticeError):
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
