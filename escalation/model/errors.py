"""Errors, classed by what the caller should do.

`retry` is the only thing retry logic reads; `exit_code` the only thing the command line reads.
"""

import errno
from collections.abc import Mapping
from typing import Any

_AT_ITS_END = frozenset(
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EIO,
        errno.ESTALE,
        errno.ENOMEM,
        errno.EAGAIN,
        errno.EMFILE,
        errno.ENFILE,
    )
)
"""What the system says where the machine is at its end: no disk, no memory, no processes, no files."""


_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM")
"""The same in the words of sqlite3, which raises no OSError."""


def of_machine(error: BaseException) -> bool:
    """Whether the machine failed under a program, and not the program: out of memory, a full disk."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (MemoryError, MachineFault)):
            return True
        if isinstance(cause, OSError) and cause.errno in _AT_ITS_END:
            return True
        if getattr(cause, "sqlite_errorname", "").startswith(_SQLITE):
            return True
        cause = cause.__cause__
    return False


def first_line(error: BaseException, *, typed: bool = True) -> str:
    """The first line of what an error says, behind its type; the type alone where it says nothing.

    Args:
        error: any.
        typed: whether the type stands in front.
    """
    said = str(error).strip().splitlines()
    return _behind_type(error, said[0] if said else "", typed)


def one_line(error: BaseException, *, typed: bool | None = None) -> str:
    """All that an error says, on one line; the type alone where it says nothing.

    Args:
        error: any.
        typed: whether the type stands in front; None: only of what this project did not raise on purpose.
    """
    typed = not isinstance(error, TierwiseError) if typed is None else typed
    return _behind_type(error, " ".join(str(error).split()), typed)


def _behind_type(error: BaseException, said: str, typed: bool) -> str:
    name = type(error).__name__
    return said if said and not typed else f"{name}: {said}" if said else name


class TierwiseError(Exception):
    """The root of every error that this project raises on purpose.

    Attributes:
        retry: whether the same call may succeed later.
        exit_code: what a command that ends with this error returns.
    """

    retry = False
    exit_code = 1


class BadInput(TierwiseError):
    """What the user gave cannot be used: says what was expected, what came, what to do.

    However much of the input a message repeats, it has at most `LONGEST` characters.

    Attributes:
        mends: fields of a problem file's `instance` that would make it good, as far as a program can know;
            those of a list are added to what stands there.
    """

    exit_code = 2
    LONGEST = 4000

    def __init__(self, message: str = "", *, mends: Mapping[str, Any] | None = None) -> None:
        most = self.LONGEST
        if len(message) > most:
            message = f"{message[: most // 2]} … {message[3 - most // 2 :]}"
        super().__init__(message)
        self.mends: Mapping[str, Any] = dict(mends or {})


class PolicyError(BadInput):
    """A policy file that does not hold together; carries the file's name and line."""


class CaseConflict(BadInput):
    """A case id is used for something other than what it was opened for."""


class Moved(CaseConflict):
    """Somebody else changed the record meanwhile: read it again."""


class BackendError(TierwiseError):
    """A backend could not carry out what it was asked."""

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class MachineFault(BackendError):
    """The machine failed under what a backend was asked: it says nothing about the work."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry=True)


class WrongWorld(BackendError, BadInput):
    """MPI yields fewer ranks than were asked for: the user's set-up, not the work, has to change."""


class Interrupted(TierwiseError):
    """The work was stopped from outside; the case can be taken up again."""

    exit_code = 130


class Paused(TierwiseError):
    """A case cannot go on now, and nothing is lost: it is left as it is and taken up again later."""


class Held(Paused):
    """A person has to say something first."""

    exit_code = 4


class Waiting(Paused):
    """A job at a service is not done yet; `reconcile` looks after it."""

    exit_code = 5


class Faulted(Paused):
    """The machine, or a person at it, ended the work, not the method: see to it, then take the case up."""

    exit_code = 6

    @classmethod
    def of(cls, what: str, last: object, case_id: str) -> "Faulted":
        """Of what failed, as a sentence, its last words, and the case to go on with."""
        return cls(
            f"{what}: {_said(last)}. That is the machine's fault and says nothing about the method: "
            f"put the machine right, then go on with --case {case_id}"
        )

    @classmethod
    def not_taken(cls, what: str, last: object, case_id: str) -> "Faulted":
        """Of what the machine, as it is set up, did not take: more than it has, what it does not know."""
        return cls(
            f"{what}: {_said(last)}. Nothing was sent, and it says nothing about the method: change the "
            "setting that asks for it (such as TIERWISE_RANKS), or the machine, then go on with "
            f"--case {case_id}"
        )

    @classmethod
    def by_a_person(cls, what: str, last: object, case_id: str) -> "Faulted":
        """Of what somebody stopped on the machine, whose will is not to be undone by trying again."""
        return cls(
            f"{what}: {_said(last)}. That is a person's decision, no fault of the machine or the method: "
            f"ask who stopped it, then go on with --case {case_id}"
        )


def _said(last: object) -> str:
    return " ".join(str(last).split()) or type(last).__name__


class CorruptRecord(TierwiseError):
    """Stored bytes or a ledger chain do not match their digests."""


class PrunedBytes(CorruptRecord):
    """Bytes were given up when the time was over for which the site keeps them: nothing is wrong."""

    exit_code = 3
