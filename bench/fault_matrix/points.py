"""Where a process dies: before or after a named call of the ledger, the store, the backend or the socket.

Nothing in the production code knows of this: the objects that the work is given are wrapped, and so is, in
the process that is to die, the connection class of urllib3.
"""

import os
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

HANDLED_S = 30.0
"""Longest wait for the service to have handled a POST whose answer nobody reads."""


@dataclass(frozen=True)
class Point:
    """A moment in a process's life.

    Attributes:
        name: in tables.
        call: `object.method` of what is wrapped, or `wire.post` for the POST of the job on its socket.
        when: `before` or `after`; of the wire also `handled`: the service has dealt with the POST, and its
            answer is not read.
        about: tells calls of one method apart: the state moved to, a field changed, or the call before.
        first: the point at which a process before this one died, where a doubt is needed to get here.
    """

    name: str
    call: str
    when: str
    about: str = ""
    first: "Point | None" = None

    @property
    def deaths(self) -> tuple["Point", ...]:
        """The points at which processes die, one after the other."""
        return (*(self.first.deaths if self.first else ()), self)


def _after(site: str, call: str, about: str = "", first: Point | None = None) -> Point:
    return Point(f"after {site}", call, "after", about, first)


HANDLED = Point("POST handled, answer unread", "wire.post", "handled")
UNSENT = Point("before the POST's first byte", "wire.post", "before")

POINTS: tuple[Point, ...] = (
    Point("before wanting", "ledger.want_submission", "before"),
    _after("wanting", "ledger.want_submission"),
    _after("freezing", "backend.freeze"),
    _after("FROZEN is recorded", "ledger.move", "frozen"),
    _after("authorising", "ledger.authorise"),
    _after("opening the fence", "backend.open_batch"),
    _after("FENCED is recorded", "ledger.move", "fenced"),
    _after("SENDING is recorded", "ledger.move", "sending"),
    UNSENT,
    Point("after the POST's last byte", "wire.post", "after"),
    HANDLED,
    Point("POST answered, answer unrecorded", "ledger.move", "before", "submitted"),
    _after("SUBMITTED is recorded", "ledger.move", "submitted"),
    _after("looking", "backend.look"),
    _after("fetching", "backend.fetch"),
    _after("the raw text is stored", "store.put", "backend.fetch"),
    _after("FETCHED is recorded", "ledger.move", "fetched"),
    _after("asking for usage", "backend.usage_qpu_s"),
    _after("the result is recorded", "ledger.settle_submission"),
    _after("looking for duplicates", "backend.find"),
    _after("billing", "ledger.bill"),
    _after("DOUBTED is recorded", "ledger.move", "doubted", HANDLED),
    _after("closing the fence, in doubt", "backend.close_batch", "", HANDLED),
    _after("the closing is recorded, in doubt", "ledger.amend", "batch_closed_at", HANDLED),
    _after("listing, in doubt", "backend.find", "", HANDLED),
    _after("adopting, in doubt", "ledger.move", "submitted", HANDLED),
    _after("a new round is recorded", "ledger.move", "authorised", UNSENT),
)
"""In the order of a life. Just before a call is just after the one before it, so most are named once."""
ON_THE_WAY: tuple[Point, ...] = (
    _after("the first decision is recorded", "ledger.add_decision"),
    _after("work of the hpc tier is sent", "ledger.submitted"),
    _after("the attempt of the hpc tier is recorded", "ledger.add_attempt"),
    *(
        point
        for point in POINTS
        if point.name
        in (
            "after freezing",
            "after authorising",
            "before the POST's first byte",
            "POST handled, answer unread",
            "after SUBMITTED is recorded",
            "after fetching",
            "after the result is recorded",
            "after billing",
            "after listing, in doubt",
        )
    ),
    Point("before the case is closed", "ledger.close_case", "before", "abstained"),
)
"""Where the process of a whole case dies, in the order of its life."""
BY_NAME = {point.name: point for point in (*POINTS, *ON_THE_WAY)}


def die() -> NoReturn:
    """What `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


class KillPoints:
    """Wraps what a process works with, so that it dies at a point; None lets it live."""

    def __init__(self, point: Point | None) -> None:
        self._point = point
        self._before = ""

    def wrap(self, name: str, real: Any) -> Any:
        """Returns the object with every call watched."""
        return Watched(name, real, self.call)

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Passes a call on, and dies before or after it where that is the point."""
        point = self._point
        here = point is not None and point.call == name and self._is_about(point.about, args, named)
        if here and point is not None and point.when == "before":
            die()
        done = function(*args, **named)
        if here:
            die()
        self._before = name
        return done

    def _is_about(self, about: str, args: tuple[Any, ...], named: dict[str, Any]) -> bool:
        return about in ("", self._before) or about in named or any(about == str(each) for each in args[1:2])


class Watched:
    """Passes everything on; calls go by way of `call`, which is told their name, `object.method`."""

    def __init__(self, name: str, real: Any, call: Callable[..., Any]) -> None:
        self._name, self._real, self._call = name, real, call

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._real, attribute)
        if not callable(found):
            return found
        return partial(self._call, f"{self._name}.{attribute}", found)


def arm_socket(point: Point | None, handled: Callable[[], bool]) -> None:
    """Has this process die in the POST of a job, where that is the point.

    Args:
        point: other points do nothing here.
        handled: whether the service has dealt with the POST.
    """
    from urllib3.connection import HTTPConnection

    if point is None or point.call != "wire.post":
        return
    request, getresponse = HTTPConnection.request, HTTPConnection.getresponse

    def mortal_request(self: Any, method: str, url: str, *args: Any, **named: Any) -> None:
        self.is_of_job = method == "POST" and url.endswith("/jobs")
        if self.is_of_job and point.when == "before":
            die()
        request(self, method, url, *args, **named)
        if self.is_of_job and point.when == "after":
            die()

    def mortal_getresponse(self: Any) -> Any:
        if self.is_of_job:
            _until(self.sock, handled)
            die()
        return getresponse(self)

    patched: Any = HTTPConnection
    patched.request, patched.getresponse = mortal_request, mortal_getresponse


def _until(sock: Any, handled: Callable[[], bool]) -> None:
    """Waits until the service has handled what was sent: its answer is here, or its account shows it."""
    for _ in range(int(HANDLED_S / 0.02)):
        if select.select([sock], [], [], 0.02)[0] or handled():
            return
