"""Jobs as a batch system tells of them, and as we ask for them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from escalation.model.amounts import Amounts
from escalation.model.resources import Resources


class JobEnd(StrEnum):
    """How a batch system says that a job ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    NODE_FAIL = "node failed"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    BOOT_FAIL = "boot failed"
    DEADLINE = "deadline"
    REVOKED = "revoked"


@dataclass(frozen=True)
class JobSeen:
    """A job in a batch system's list.

    Attributes:
        tag: its name.
        job_id: as the batch system spells it.
        end: how it ended; None where it has not.
        running: whether it has nodes.
        reason: why it waits, or ended, in the batch system's words.
        folder: its working directory; None where the list does not tell.
        place: partition or queue.
        nodes: those it has or had.
        never: whether what it waits for will never be.
    """

    tag: str
    job_id: str
    end: JobEnd | None = None
    running: bool = False
    reason: str = ""
    folder: str | None = None
    place: str = ""
    nodes: str = ""
    never: bool = False

    def of(self, folder: Path) -> bool:
        """Whether it is the job of that folder: a name may be another installation's too."""
        return self.folder is None or Path(self.folder) == folder


@dataclass(frozen=True)
class Accounted:
    """What the accounting says of a job that ended.

    Attributes:
        end: how it ended.
        reason: in its words.
        usage: what it used.
        energy_j: where that is measured.
    """

    end: JobEnd
    reason: str = ""
    usage: Amounts | None = None
    energy_j: float | None = None


@dataclass(frozen=True)
class JobWanted:
    """A job as it is asked for.

    Attributes:
        tag: its name.
        folder: its working directory.
        resources: of the work.
        start_s: seconds for which it may get ready, beside the work's own.
        place: partition or queue; None is the default.
        log: file for what it prints.
        comment: for people.
    """

    tag: str
    folder: Path
    resources: Resources
    start_s: float
    place: str | None
    log: Path
    comment: str

    @property
    def limit_s(self) -> float:
        """Seconds until the batch system ends it."""
        return self.resources.wall_s + self.start_s


@dataclass(frozen=True)
class Partition:
    """A part of the machine that takes jobs.

    Attributes:
        name: as jobs ask for it.
        up: whether it starts jobs; None is unknown.
        nodes: its kinds of nodes.
        limit_s: seconds that a job may take; None is any.
        default: whether it is where jobs go that ask for none.
    """

    name: str
    up: bool | None
    nodes: tuple["NodeKind", ...]
    limit_s: float | None = None
    default: bool = False


@dataclass(frozen=True)
class NodeKind:
    """So many nodes alike.

    Attributes:
        count: of them.
        cores: of each.
        memory_mb: of each; None where the site does not say.
        gpus: of each.
        usable: of them that are not down or drained.
        idle: of them.
    """

    count: int
    cores: int
    memory_mb: int | None
    gpus: int = 0
    usable: int = 0
    idle: int = 0
