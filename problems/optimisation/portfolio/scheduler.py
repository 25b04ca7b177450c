"""A rank's engines in turn: slices that grow, dealt so that each gets its share of the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.model.errors import one_line
from escalation.model.identity import derive_seed
from problems.optimisation.engines.base import Engine, Unsuitable
from problems.optimisation.engines.catalogue import ENGINES
from problems.optimisation.portfolio.exchange import SharedIncumbent
from problems.optimisation.portfolio.plan import Assignment
from problems.optimisation.portfolio.time_limit import Overrun, time_limit

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
class EngineSlot:
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
            return {"failed": one_line(error, typed=True)}


class EngineScheduler:
    """The engines of one rank.

    Who has used least of its share is next (stride scheduling; Waldspurger & Weihl 1995, MIT/LCS/TM-528), so
    that each has its first slice, in the plan's order, before any has a second one. An engine whose slice
    brought nothing new loses part of its share to the others, down to a limit, and has it back with its next
    find: searches that have found the optimum make way for bounds, and bounds that are stuck for searches.
    """

    def __init__(self, slots: Sequence[EngineSlot], make: Make, clock: bool) -> None:
        self.slots, self._make, self._clock = slots, make, clock

    @property
    def alive(self) -> bool:
        """Whether any engine may still have something to give."""
        return any(not slot.ended for slot in self.slots)

    def run_next(self, incumbent: SharedIncumbent) -> None:
        """Runs one slice of the engine whose turn it is; what it raises ends that engine alone."""
        slot = min(
            (slot for slot in self.slots if not slot.ended),
            key=lambda slot: slot.turn,
        )
        effort_s = min(slot.effort_s, max(incumbent.left_s(), 0.001))
        began_s, known = incumbent.elapsed_s(), len(incumbent.finds)
        try:
            if slot.engine is None:
                slot.engine = self._make(slot.name, slot.seed)
            with time_limit(max(incumbent.left_s(), 0.0) + GRACE_S, incumbent.busy):
                more = slot.engine.run(incumbent, effort_s)
            if not more:
                slot.ended = "nothing more to give"
        except Overrun:
            slot.ended = f"cut off {GRACE_S:g} s after the end"
            incumbent.remark(slot.name, slot.ended)
        except Unsuitable as reason:
            slot.ended = f"unsuitable: {reason}"
        except ImportError as error:
            slot.ended = f"missing: {error}"
        except Exception as error:
            slot.ended, slot.failed = f"failed: {one_line(error, typed=True)}", True
            incumbent.remark(slot.name, slot.ended)
        took_s = incumbent.elapsed_s() - began_s
        slot.log.append((began_s, took_s))
        self._account(slot, took_s if self._clock else effort_s, found=len(incumbent.finds) > known)

    def _account(self, slot: EngineSlot, used_s: float, found: bool) -> None:
        slot.slices += 1
        slot.used_s += used_s
        slot.turn += used_s / (slot.assignment.share * slot.credit)
        slot.credit = 1.0 if found else max(LEAST_CREDIT, LOSS * slot.credit)
        resumes = ENGINES[slot.name].resumes
        longer = slot.effort_s * GROWTH[resumes]
        slot.effort_s = min(longer, LONGEST_S) if resumes else longer


def slots_of(row: Sequence[Assignment], seed: int, rank: int, first_s: float) -> tuple[EngineSlot, ...]:
    """The engines that a plan gives to a rank; first slices of those that begin anew are longer."""

    def first(name: str) -> float:
        return first_s if ENGINES[name].resumes else 4 * first_s

    return tuple(EngineSlot(each, derive_seed(seed, each.engine, rank), first(each.engine)) for each in row)
