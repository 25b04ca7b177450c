"""A rank's engines in turn: slices that grow, dealt so that each gets its share of the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.model.identity import derive_seed
from problems.optimisation.engines.base import Engine, Unsuitable
from problems.optimisation.engines.catalogue import ENGINES
from problems.optimisation.portfolio.alarm import Overrun, cut_off
from problems.optimisation.portfolio.exchange import MpiBoard
from problems.optimisation.portfolio.plan import Assignment

GROWTH = {True: 1.5, False: 4.0}
"""Of slices, for engines that resume and for those that begin anew."""

LONGEST_S = 2.0
"""Of engines that resume; the others' slices are not limited, or most of their work would be repeated."""

LOSS, LEAST_CREDIT = 0.7, 0.25
"""What a slice without a find leaves of an engine's credit, and what it always keeps."""

GRACE_S = 10.0
"""For an engine to come back after the end."""

Make = Callable[[str, int], Engine]
"""Makes an engine of a name and a seed."""


@dataclass
class Seat:
    """An engine's place on a rank.

    Attributes:
        assignment: the engine's name and share.
        seed: its own.
        effort_s: of its next slice.
        used_s: seconds used so far; in rounds the efforts asked for.
        credit: part of its share that it still has.
        turn: what it has used, in units of its share; the lowest is next.
        slices: run so far.
        engine: made when it is first its turn.
        ended: why it runs no more, empty while it does.
        failed: whether that is an error.
        log: when each slice began, and how long it took, in seconds.
    """

    assignment: Assignment
    seed: int
    effort_s: float
    used_s: float = 0.0
    credit: float = 1.0
    turn: float = 0.0
    slices: int = 0
    engine: Engine | None = None
    ended: str = ""
    failed: bool = False
    log: list[tuple[float, float]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the engine."""
        return self.assignment.engine

    def to_json(self) -> dict[str, Any]:
        """For the record: what it did, with seconds."""
        return {
            "engine": self.name,
            "seed": self.seed,
            "share": self.assignment.share,
            "slices": self.slices,
            "used_s": round(self.used_s, 3),
            "ended": self.ended,
            "notes": self._notes(),
            "log": [[round(start_s, 3), round(took_s, 3)] for start_s, took_s in self.log],
        }

    def _notes(self) -> dict[str, Any]:
        try:
            return {} if self.engine is None else self.engine.notes()
        except Exception as error:
            return {"failed": _one_line(error)}


class Roster:
    """The engines of one rank.

    Who has used least of its share is next (stride scheduling; Waldspurger & Weihl 1995, MIT/LCS/TM-528), so
    that each has its first slice, in the plan's order, before any has a second one. An engine whose slice
    brought nothing new loses part of its share to the others, down to a limit, and has it back with its next
    find: searches that have found the optimum make way for bounds, and bounds that are stuck for searches.
    """

    def __init__(self, seats: Sequence[Seat], make: Make, clock: bool) -> None:
        self.seats, self._make, self._clock = seats, make, clock

    @property
    def alive(self) -> bool:
        """Whether any engine may still have something to give."""
        return any(not seat.ended for seat in self.seats)

    def run_next(self, board: MpiBoard) -> None:
        """Runs one slice of the engine whose turn it is; what it raises ends that engine alone."""
        seat = min(
            (seat for seat in self.seats if not seat.ended),
            key=lambda seat: seat.turn,
        )
        effort_s = min(seat.effort_s, max(board.left_s(), 0.001))
        began_s, known = board.elapsed_s(), len(board.finds)
        try:
            if seat.engine is None:
                seat.engine = self._make(seat.name, seat.seed)
            with cut_off(max(board.left_s(), 0.0) + GRACE_S, board.busy):
                more = seat.engine.run(board, effort_s)
            if not more:
                seat.ended = "nothing more to give"
        except Overrun:
            seat.ended = f"cut off {GRACE_S:g} s after the end"
            board.remark(seat.name, seat.ended)
        except Unsuitable as reason:
            seat.ended = f"unsuitable: {reason}"
        except ImportError as error:
            seat.ended = f"missing: {error}"
        except Exception as error:
            seat.ended, seat.failed = f"failed: {_one_line(error)}", True
            board.remark(seat.name, seat.ended)
        took_s = board.elapsed_s() - began_s
        seat.log.append((began_s, took_s))
        self._account(seat, took_s if self._clock else effort_s, found=len(board.finds) > known)

    def _account(self, seat: Seat, used_s: float, found: bool) -> None:
        seat.slices += 1
        seat.used_s += used_s
        seat.turn += used_s / (seat.assignment.share * seat.credit)
        seat.credit = 1.0 if found else max(LEAST_CREDIT, LOSS * seat.credit)
        resumes = ENGINES[seat.name].resumes
        longer = seat.effort_s * GROWTH[resumes]
        seat.effort_s = min(longer, LONGEST_S) if resumes else longer


def seats_of(row: Sequence[Assignment], seed: int, rank: int, first_s: float) -> tuple[Seat, ...]:
    """The engines that a plan gives to a rank; first slices of those that begin anew are longer."""

    def first(name: str) -> float:
        return first_s if ENGINES[name].resumes else 4 * first_s

    return tuple(Seat(each, derive_seed(seed, each.engine, rank), first(each.engine)) for each in row)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
