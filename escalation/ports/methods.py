"""How a family's instance is solved in one tier: a generator of work, over what a solver may know."""

from collections.abc import Generator, Sequence
from typing import Any, Protocol, runtime_checkable

from escalation.model.attempt import Candidate
from escalation.model.errors import TierwiseError
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Device

Yields = Work | tuple[Work, ...]


Sends = RawResult | tuple[RawResult, ...]


Solve = Generator[Yields, Sends, Candidate]


class View(Protocol):
    """What a solver may know of an instance."""

    @property
    def digest(self) -> str: ...


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
            TierwiseError: when no candidate can be made of what came back.
        """


@runtime_checkable
class ByNameOnly(Protocol):
    """A method that is tried only under a policy that names it: each one more would divide a case's α."""

    @property
    def by_name_only(self) -> bool:
        """Whether that is so."""


def offered(methods: Sequence[Method]) -> tuple[Method, ...]:
    """Returns those that policies which name no methods try."""
    return tuple(each for each in methods if not (isinstance(each, ByNameOnly) and each.by_name_only))


@runtime_checkable
class Irreproducible(Protocol):
    """A method, or a machine, whose work may come out otherwise when it is run again.

    What does not say so promises the same bits on the same lock, processor, ranks and threads.
    """

    @property
    def irreproducible(self) -> str:
        """Why, as a clause: `its search ends by the clock`; empty where it is the same to the bit."""


def irreproducible(*parts: object) -> str:
    """Why work that all of these take part in may come out otherwise; empty where none says so."""
    said = [part.irreproducible for part in parts if isinstance(part, Irreproducible)]
    return "; ".join(filter(None, said))


def succeeded(sent: Sends, what: str = "the work ended") -> RawResult:
    """Returns the one result that was sent; for methods that cannot do without it.

    Args:
        sent: by the driver.
        what: what was asked for, to be followed by how it ended.

    Raises:
        TierwiseError: when the work did not succeed.
    """
    if isinstance(sent, tuple):
        raise TypeError(f"expected one result, got {len(sent)}")
    if not sent.ok:
        reason = " ".join((sent.error or "no reason given").split())
        raise TierwiseError(f"{what} {sent.state}: {reason}")
    return sent


def all_succeeded(sent: Sends, what: Sequence[str]) -> tuple[RawResult, ...]:
    """Returns the results of a tuple of work, one for each of `what`; see `succeeded`."""
    if isinstance(sent, RawResult) or len(sent) != len(what):
        raise TypeError(
            f"expected {len(what)} results, got {1 if isinstance(sent, RawResult) else len(sent)}"
        )
    return tuple(succeeded(each, name) for each, name in zip(sent, what, strict=True))
