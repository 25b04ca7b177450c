"""Who is told what happens in a case, to show it."""

from typing import Protocol

from escalation.engine.steps import Item
from escalation.model.attempt import Attempt
from escalation.model.decision import Decision
from escalation.ports.machines import Progress


class Listener(Protocol):
    """Is told what happens, in order of happening; used to show it."""

    def decided(self, decision: Decision) -> None: ...

    def progress(self, item: Item, progress: Progress) -> None: ...

    def attempted(self, attempt: Attempt) -> None: ...


class Silent:
    """A listener that shows nothing."""

    def decided(self, decision: Decision) -> None: ...

    def progress(self, item: Item, progress: Progress) -> None: ...

    def attempted(self, attempt: Attempt) -> None: ...
