"""A case in the hands of a driver."""

from dataclasses import dataclass, field

from escalation.engine.case import Case
from escalation.engine.listening import Listener, Silent
from escalation.engine.runtime import Runtime
from escalation.model.attempt import Attempt, Candidate
from escalation.model.case import CaseRecord


@dataclass
class KnownOfCase:
    """What a driver knows of its case's record without looking it up: nobody else writes to it meanwhile.

    Attributes:
        record: as the case was opened; None where somebody else did that.
        tried: by number, the attempts that have ended, with their candidates.
        paid: work was sent, or is about to be, to where it is charged.
    """

    record: CaseRecord | None = None
    tried: dict[int, tuple[Attempt, Candidate | None]] = field(default_factory=dict)
    paid: bool = False
    _asked: set[tuple[object, ...]] = field(default_factory=set)

    @property
    def new(self) -> bool:
        """Whether this driver opened the case."""
        return self.record is not None and self.record.new

    def unrecorded(self, *what: object) -> bool:
        """Whether that cannot be on record yet: in a new case, what is asked after for the first time."""
        first = what not in self._asked
        self._asked.add(what)
        return self.new and first


@dataclass(frozen=True)
class Running:
    """What carrying out a step needs: the parts that do it, the case, and who is told of it."""

    runtime: Runtime
    case: Case
    listener: Listener = field(default_factory=Silent)
    known: KnownOfCase = field(default_factory=KnownOfCase, compare=False)
