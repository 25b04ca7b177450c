"""How a service is made to take a job exactly once: each paid machine declares one way, and what it rests on.

The ways differ in what a POST carries, and in what is done when nobody knows whether it was accepted. The
state machine in `escalation.submission` does the rest, and is the same for all.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Fence:
    """A batch that can be closed; on doubt it is closed, and what the service has is listed.

    Rests on: a batch whose closing is confirmed takes no job any more, and a job that was accepted is listed
    within the settling time. Where nothing is listed by then, a new batch is opened, for one more POST.
    The machine is a `escalation.ports.paid.FencedBackend`.
    """

    name: ClassVar[str] = "fence"


@dataclass(frozen=True)
class ClientToken:
    """A key that the service remembers; on doubt the same bytes are sent again with the same key.

    Rests on: a second POST with a key that the service has seen less than `lifetime_s` ago makes no job, and
    is answered with the first one's; a POST that left is at the service within the settling time, and its job
    is listed by then. A key whose age nobody knows, or that is too old, is never sent again.
    The machine is a `escalation.ports.paid.KeyedBackend`.

    Attributes:
        lifetime_s: seconds for which the service remembers a key, from the first POST that it accepts.
    """

    name: ClassVar[str] = "client token"
    lifetime_s: float


@dataclass(frozen=True)
class ChosenId:
    """An id that we choose for the job; on doubt the service is asked for the job of that id.

    Rests on: there is never a second job of an id; a POST that left is at the service within the settling
    time, and its job is found by then. Where there is none, the same is sent again, with the same id.
    The machine is a `escalation.ports.paid.KeyedBackend`.
    """

    name: ClassVar[str] = "chosen id"


Strategy = Fence | ClientToken | ChosenId
"""A declared way to have a job exactly once; each is recorded by its `name`."""
