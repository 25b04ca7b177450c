"""The board of one rank: what it knows of the best point and bound, and how it tells the others.

Updates travel while engines run: an engine polls `stop`, and by that its rank receives and sends. Where MPI
allows calls from several threads in turn, any thread of an engine does (CP-SAT calls back from its own while
the rank's thread is inside its solver); otherwise only the thread that made the board.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip_appointments import MOST_STARTS, starts
from problems.optimisation.model import metrics, points
from problems.optimisation.model.models import Appointments, Model
from problems.optimisation.model.points import Infeasible, Point
from problems.optimisation.portfolio.messenger import Messenger
from problems.optimisation.portfolio.update import Update, unpack
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.second_engine import small

POLL_S = 0.002
"""Between two looks at the messages; asking whether to stop costs next to nothing in between."""

TELL_S = 1.0
UNCHECKED = "second_engine"
"""The kind of proof that nobody can check without solving the instance again."""


@dataclass(frozen=True)
class Find:
    """A point or a bound that was the best known when it was found."""

    at_s: float
    what: str
    value: int
    engine: str


class SharedIncumbent:
    """`engines.base.Incumbent` on one rank of a portfolio.

    Attributes:
        finds: what this rank found, in order.
        remarks: what went wrong here, in order, each once.
        proofs: the best proof of this rank that can be checked again (True), and that cannot (False).
        own: the best point that this rank found itself: its cost, the point, the engine.
        stopped: why it is over, empty before.
    """

    def __init__(self, comm: Any, model: Model, aim: dict[str, Any], search_s: float, live: bool) -> None:
        self.model, self._aim, self._live = model, aim, live
        self._comm, self._messenger, self._lock, self._depth = comm, Messenger(comm), threading.Lock(), 0
        self._updates_for: set[int] = set()
        self._cost: int | None = None
        self._point: Point | None = None
        self._bounds: dict[bool, int | None] = {True: None, False: None}
        self.own: tuple[int, Point, str] | None = None
        self.proofs: dict[bool, tuple[Proof, str]] = {}
        self.finds: list[Find] = []
        self.remarks: list[str] = []
        self.stopped = ""
        self.tell: Callable[[float], None] = lambda elapsed_s: None
        self._search_s, self._began = search_s, time.monotonic()
        self._next_poll = self._next_tell = 0.0
        self._home, self._any_thread = threading.get_ident(), _any_thread_may_call()

    @property
    def point(self) -> Point | None:
        """The best feasible point known here."""
        return self._point

    @property
    def cost(self) -> int | None:
        """Its cost."""
        return self._cost

    @property
    def bound(self) -> int | None:
        """The best lower bound known here."""
        return max((bound for bound in self._bounds.values() if bound is not None), default=None)

    @property
    def certified_bound(self) -> int | None:
        """The best one whose proof can be checked again."""
        return self._bounds[True]

    def elapsed_s(self) -> float:
        """Seconds since the search began."""
        return time.monotonic() - self._began

    def left_s(self) -> float:
        """Seconds that are left; in rounds always all of them, so that nothing depends on the clock."""
        return self._search_s - (self.elapsed_s() if self._live else 0.0)

    def remark(self, engine: str, message: str) -> None:
        """Notes what an engine did wrong."""
        line = f"{engine}: {message}"
        if line not in self.remarks:
            self.remarks.append(line)

    def offer(self, point: Point, engine: str) -> bool:
        """Takes a feasible and better point and tells the others; notes an infeasible one."""
        try:
            cost = points.cost(self.model, point)
        except Infeasible as fault:
            self.remark(engine, f"offered a point that is not feasible: {fault}")
            return False
        with self._alone():
            if self._cost is not None and cost >= self._cost:
                return False
            kept = np.array(point, dtype=np.int32)
            kept.flags.writeable = False
            self.own = (cost, kept, engine)
            self.finds.append(Find(self.elapsed_s(), "cost", cost, engine))
            self._know(Update(cost=cost, point=kept))
            self._spread()
        return True

    def prove(self, proof: Proof, engine: str) -> bool:
        """Takes a better bound and tells the others; notes one that a known point contradicts.

        A bound that can be checked again is taken when it is the best of those.
        """
        with self._alone():
            checkable = proof.kind != UNCHECKED
            known = self._bounds[True] if checkable else self.bound
            if known is not None and proof.bound <= known:
                return False
            if self._cost is not None and proof.bound > self._cost:
                self.remark(engine, f"claimed the bound {proof.bound} above the cost {self._cost} of a point")
                return False
            self.proofs[checkable] = (proof, engine)
            what = "bound" if checkable else "unchecked bound"
            self.finds.append(Find(self.elapsed_s(), what, proof.bound, engine))
            self._know(Update(bound=proof.bound, certified=proof.bound if checkable else None))
            self._spread()
        return True

    def stop(self) -> bool:
        """Hears the others, at most every few milliseconds; True when it is over."""
        now = time.monotonic()
        if now >= self._next_poll:
            with self._alone():
                self._next_poll = now + POLL_S
                self.poll()
            if not self.stopped and self.elapsed_s() >= self._search_s:
                self.stopped = "time"
        return bool(self.stopped)

    def poll(self, answer: bool = True) -> None:
        """Receives what has come, and sends what others lack (unless told not to)."""
        self._tell_progress()
        if not self._live or not self._may_call():
            return
        for _, data in self._messenger.receive():
            self._know(unpack(data, self.model))
        if answer:
            self._send()

    def close(self) -> None:
        """Waits for the other ranks; then no message is under way, and the best is known to all.

        Collective. Nonblocking consensus (`Messenger.close`): nobody knows how many messages are to come.
        """
        if self._live:
            self._messenger.close(self._last_words)
        self.meet()

    def meet(self) -> None:
        """Tells all ranks the best of all; collective. Of equal costs, that of the lowest rank is taken."""
        cost, point = (None, None) if self.own is None else self.own[:2]
        if self._cost is None or cost is None or cost > self._cost:
            cost, point = None, None
        mine = Update(cost, self.bound, self._bounds[True], point)
        for data in self._comm.allgather(mine.pack()):
            self._know(unpack(data, self.model))

    def _last_words(self, may_send: bool) -> bool:
        self.poll(may_send)
        return not self._updates_for

    def _know(self, update: Update) -> None:
        if update.cost is not None and (self._cost is None or update.cost < self._cost):
            self._cost, self._point = update.cost, update.point
        for checkable, bound in ((True, update.certified), (False, update.bound)):
            known = self._bounds[checkable]
            if bound is not None and (known is None or bound > known):
                self._bounds[checkable] = bound
        self._drop_contradicted()
        if self._cost is not None and not self.stopped:
            bound = self._closing_bound()
            if bound is not None and bound >= self._cost:
                self.stopped = "proven"
            elif metrics.reached(self.model, self._aim, self._cost, bound):
                self.stopped = "target"

    def _closing_bound(self) -> int | None:
        """The bound that may end the search: the verifier will have to show it again.

        One that an engine only states counts where the instance is small enough for a second engine.
        """
        certified, stated = self._bounds[True], self._bounds[False]
        if stated is None or (certified is not None and stated <= certified) or not self._small:
            return certified
        return stated

    @cached_property
    def _small(self) -> bool:
        too_long = isinstance(self.model, Appointments) and starts(self.model) > MOST_STARTS
        return not too_long and small(compile_mip(self.model))

    def _drop_contradicted(self) -> None:
        """Forgets bounds above the cost of a known point: they are wrong, whoever claimed them."""
        if self._cost is None:
            return
        for checkable, bound in list(self._bounds.items()):
            if bound is not None and bound > self._cost:
                self._bounds[checkable] = None
        for checkable, (proof, engine) in list(self.proofs.items()):
            if proof.bound > self._cost:
                del self.proofs[checkable]
                self.remark(engine, f"claimed the bound {proof.bound} above the cost {self._cost} of a point")

    def _spread(self) -> None:
        self._updates_for = set(range(self._messenger.size)) - {self._messenger.rank}
        if self._live and self._may_call():
            self._send()

    def _send(self) -> None:
        for rank in sorted(self._updates_for):
            if self._messenger.ready(rank):
                self._messenger.send(rank, self._update().pack())
                self._updates_for.discard(rank)

    def _update(self) -> Update:
        """What this rank found itself, as far as it has heard of nothing better.

        Each finder writes to all ranks itself, so nobody passes on what it heard.
        """
        best = self.own if self.own is not None and self.own[0] == self._cost else None
        bounds = {checkable: proof.bound for checkable, (proof, _) in self.proofs.items()}
        return Update(
            cost=best[0] if best else None,
            bound=max(bounds.values(), default=None),
            certified=bounds.get(True),
            point=best[1] if best else None,
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time; the rank's own is not to be interrupted inside."""
        home = threading.get_ident() == self._home
        self._depth += home
        try:
            with self._lock:
                yield
        finally:
            self._depth -= home

    def busy(self) -> bool:
        """Whether the rank's own thread is inside the board."""
        return self._depth > 0

    def _may_call(self) -> bool:
        return self._any_thread or threading.get_ident() == self._home

    def _tell_progress(self) -> None:
        now = self.elapsed_s()
        if now >= self._next_tell:
            self._next_tell = now + TELL_S
            self.tell(min(now / self._search_s, 1.0))


def _any_thread_may_call() -> bool:
    from mpi4py import MPI

    return bool(MPI.Query_thread() >= MPI.THREAD_SERIALIZED)
