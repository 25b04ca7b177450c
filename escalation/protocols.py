"""What the domain expects of families, methods, backends and records."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from escalation.attempt import Attempt, Candidate, Done
from escalation.calibration import Calibration, DeviceKind
from escalation.certificate import Certificate
from escalation.errors import TierwiseError
from escalation.facts import FactProvider
from escalation.problem import Target, Tier
from escalation.quote import Quote
from escalation.work import JobState, RawResult, Work

Yields = Work | tuple[Work, ...]
Sends = RawResult | tuple[RawResult, ...]
Solve = Generator[Yields, Sends, Candidate]


class View(Protocol):
    """What a solver may know of an instance."""

    @property
    def digest(self) -> str: ...


class Instance(Protocol):
    """A loaded, validated instance; sealed parts stay on it and reach only the verifier."""

    @property
    def digest(self) -> str:
        """SHA-256 over all of its data, sealed parts included."""

    def describe(self) -> Mapping[str, Any]:
        """Returns small JSON data for the record: shape, source, full digests."""

    def about(self) -> str:
        """Says in a few words what it is, for lists and titles: origin, question, size.

        For instance `heart.csv: died (yes against no), 299 rows, 12 features`.
        """


class Device(Protocol):
    """What a method may ask about where it would run, to quote itself."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> DeviceKind: ...

    def estimate(self, work: Work) -> Quote:
        """Bounds what the work would need here, without running it."""


class Method(Protocol):
    """One way to solve a family's instance in one tier."""

    @property
    def name(self) -> str: ...

    @property
    def tier(self) -> Tier: ...

    @property
    def work_kind(self) -> str:
        """The kind of its main work, which chooses the backend: `local_call`, `mpi_program`, …"""

    def quote(self, view: Any, device: Device) -> Quote:
        """Bounds a whole attempt before it is decided on; enforced as a cap."""

    def solve(self, view: Any, seed: int) -> Solve:
        """Yields work, is sent raw results (failed ones too), returns a candidate. Deterministic.

        Raises:
            escalation.errors.TierwiseError: when no candidate can be made of what came back.
        """


@dataclass(frozen=True)
class Section:
    """A part of the HTML report: a title and trusted HTML made by the family itself."""

    title: str
    html: str


@dataclass(frozen=True)
class Answer:
    """An answer as its user reads it.

    Attributes:
        words: one or a few lines, the most important first: whom or what it serves, and whom or what not.
        files: the answer for other programs, by plain file names that no file of the candidate has.
    """

    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)


class Family(Protocol):
    """A kind of problem."""

    @property
    def name(self) -> str: ...

    def load(self, instance: Mapping[str, Any], seed: int, folder: Path) -> Any:
        """Loads and validates an instance; relative paths start at `folder`.

        Raises:
            escalation.errors.BadInput: with one clear line.
        """

    def check_target(self, target: Target) -> None:
        """Raises `escalation.errors.BadInput` when the target means nothing in this family."""

    def view(self, instance: Any, target: Target) -> View:
        """Returns what a solver may know: the open parts of the instance, and what it should aim at."""

    def methods(self) -> Sequence[Method]:
        """The methods, in the order in which a policy that names none tries them within a tier."""

    def certify(
        self,
        instance: Any,
        target: Target,
        candidate: Candidate,
        evidence: Sequence[Done],
        alpha: float,
    ) -> Certificate:
        """Checks a candidate from the instance alone; `evidence` is what really ran, from the store.

        Args:
            instance: with its sealed parts.
            target: what to reach.
            candidate: what the method claims, its null controls included.
            evidence: every piece of work of the attempt with its raw result.
            alpha: the error allowed to this certificate.
        """

    def report(
        self, instance: Any, target: Target, attempts: Sequence[tuple[Attempt, Candidate | None]]
    ) -> Sequence[Section]:
        """Returns the family's part of the report."""

    def answer(self, instance: Any, target: Target, attempt: Attempt, candidate: Candidate) -> Answer:
        """Says what a verified answer is; asked once, at the end of a case, and recorded with the outcome."""

    def facts(self) -> Sequence[FactProvider]:
        """Facts of this family that policies may name."""


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


class Backend(Machine, Protocol):
    """A free place where work runs. Constructed as `Class(settings, device)`, device None for its default.

    `submit` returns at once with a durable handle: plain JSON data that another process can use. One that
    charges is an `escalation.handoff.service.PaidBackend` instead.
    """

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        """Starts the work, its files kept in `folder` (made, empty); returns its handle.

        Raises:
            escalation.errors.BackendError: when it could not be started.
        """

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> "Progress":
        """Waits until the work is final or the time is up, whichever comes first; 0 only asks."""

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """Returns the result of work in a final state, failed or not.

        Raises:
            escalation.errors.BackendError: when the work is not final or its result is lost.
        """

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the work and everything it started; does nothing when it is final."""


@dataclass(frozen=True)
class Progress:
    """Where submitted work stands: its state, the part done (0-1, None unknown), a word on it."""

    state: JobState
    fraction: float | None = None
    message: str = ""


def succeeded(sent: Sends) -> RawResult:
    """Returns the one result that was sent; for methods that cannot do without it.

    Raises:
        escalation.errors.TierwiseError: when the work did not succeed.
    """
    if isinstance(sent, tuple):
        raise TypeError(f"expected one result, got {len(sent)}")
    if not sent.ok:
        raise TierwiseError(f"the work ended {sent.state}: {sent.error}")
    return sent
