"""Where work runs, as far as decisions and drivers look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from escalation.model.amounts import Bounds
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.job_state import JobState
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work


class Device(Protocol):
    """What a method may ask about where it would run, to quote itself."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> DeviceKind: ...

    def estimate(self, work: Work) -> Quote:
        """Bounds what the work would need here, without running it."""


class Machine(Protocol):
    """A place where work runs, as far as decisions look at it."""

    @property
    def name(self) -> str:
        """`backend` or `backend:device`."""

    @property
    def kind(self) -> DeviceKind: ...

    def estimate(self, work: Work) -> Quote:
        """Bounds what the work would need here, without running it."""

    def calibration(self) -> Calibration | None:
        """The device's calibration now; None where there is none."""

    def available(self) -> bool | None:
        """Whether the device takes work now; None is unknown."""

    def queue_s(self) -> float | None:
        """Seconds a job would wait now; None is unknown."""

    def close(self) -> None:
        """Lets go of processes and connections; running work is cancelled where it is local."""


@dataclass(frozen=True)
class Progress:
    """Where submitted work stands: its state, the part done (0-1, None unknown), a word on it."""

    state: JobState
    fraction: float | None = None
    message: str = ""


class Following(Machine, Protocol):
    """A free place where work runs, as far as work that was submitted is looked after."""

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> "Progress":
        """Waits until the work is final or the time is up, whichever comes first; 0 only asks."""

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of work in a final state, failed or not.

        Raises:
            BackendError: when the work is not final or its result is lost.
        """

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the work and everything it started; does nothing when it is final."""


class Backend(Following, Protocol):
    """A free place where work runs. Constructed as `Class(settings, device)`, device None for its default.

    `submit` returns at once with a durable handle: plain JSON data that another process can use. One that
    charges is an `escalation.ports.paid.PaidBackend` instead.
    """

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        """Starts the work, its files kept in `folder` (made, empty); returns its handle.

        Raises:
            BackendError: when it could not be started.
        """


@runtime_checkable
class DurableBackend(Following, Protocol):
    """A free place whose work outlives who submitted it, as that of a batch system does.

    The handle is known before anything is sent: it is the folder and the tag, by which work is found again.
    Work of one tag runs once at most, however often and from wherever it is submitted.
    """

    @property
    def scratch(self) -> Path | None:
        """A folder that the machine shares with this one, for work's files; None is the home's own."""

    def submit(self, work: Work, folder: Path, tag: str) -> dict[str, Any]:
        """Sends the work, its files kept in `folder` (made, empty), unless work of that tag is known there.

        Where nobody can tell whether it was taken, that is found out by `wait`.

        Args:
            work: to run.
            folder: on a file system that the machine shares.
            tag: names this try of the work for good: letters, digits and dashes, 15 at most.

        Returns:
            `planned(folder, tag)`, and what is known besides.

        Raises:
            BackendError: when it was surely not taken.
        """

    def find(self, tag: str) -> dict[str, Any] | None:
        """The handle of work that the machine knows by its tag; None where it knows of none.

        Raises:
            BackendError: when the machine cannot be asked.
        """


@runtime_checkable
class PricedMachine(Protocol):
    """A place whose nodes and cores may have a price, though work is sent there as to a free one."""

    @property
    def charges(self) -> bool:
        """Whether they have one here."""

    def price_usd(self, needs: Bounds) -> float | None:
        """US dollars at most for work that needs so much; None where that cannot be known."""


def charges(machine: Machine) -> bool:
    """Whether the machine's nodes or cores have a price."""
    return isinstance(machine, PricedMachine) and machine.charges


def with_price(quote: Quote, machine: Machine) -> Quote:
    """The quote of an attempt with what the machine costs, whether or not its method asked for that."""
    if not isinstance(machine, PricedMachine) or not machine.charges:
        return quote
    stated, asked = quote.amounts.usd, machine.price_usd(quote.amounts)
    usd = None if stated is None or asked is None else max(stated, asked)
    return quote.model_copy(update={"amounts": quote.amounts.but(usd=usd)})


def planned(folder: Path, tag: str) -> dict[str, Any]:
    """The handle of durable work that is about to be submitted: it can be followed from then on."""
    return {"folder": str(folder.resolve()), "tag": tag}
