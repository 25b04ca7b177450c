"""A case in the hands of a driver."""

from dataclasses import dataclass, field

from escalation.engine.case import Case
from escalation.engine.listening import Listener, Silent
from escalation.engine.runtime import Runtime


@dataclass(frozen=True)
class Running:
    """What carrying out a step needs: the parts that do it, the case, and who is told of it."""

    runtime: Runtime
    case: Case
    listener: Listener = field(default_factory=Silent)
