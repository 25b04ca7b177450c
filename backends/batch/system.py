"""What a batch system is here: commands that are built, and what they print that is read. Nothing is run.

The shape is that of PSI/J's batch executors (ExaWorks/psij-python, `psij/executors/batch`): one that is added
is a few pure functions, and its input and output are done once, in `backends.batch.backend`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from backends.batch.commands import CommandReply
from backends.batch.jobs import Accounted, JobSeen, JobWanted, Partition
from backends.batch.site import BatchSite
from escalation.model.resources import Resources


class BatchSystem(ABC):
    """One batch system's commands.

    Attributes:
        name: for people.
        directive: what marks a directive in a script, as `#SBATCH`.
        notes: variables of a job that are kept beside its result, its id first.
        place_note: that of them which names its partition or queue.
        nodes_note: that of them which names its nodes.
        places: what its partitions are called, for people.
        noting: lines of the script that set such variables, where the batch system does not.
    """

    name: ClassVar[str]
    directive: ClassVar[str]
    notes: ClassVar[tuple[str, ...]]
    place_note: ClassVar[str]
    nodes_note: ClassVar[str]
    places: ClassVar[str] = "partitions"
    noting: ClassVar[tuple[str, ...]] = ()

    def __init__(self, site: BatchSite) -> None:
        self.site = site

    @abstractmethod
    def submit(self, wanted: JobWanted, script: Path) -> list[str]:
        """The command that submits a script; what it says wins over the script's own directives."""

    def rehearse(self, wanted: JobWanted, script: Path) -> list[str] | None:
        """The command that says whether a script would be taken, and sends nothing; None where none does."""
        return None

    @abstractmethod
    def job_id(self, out: str) -> str:
        """The id in what that command prints when it ends well."""

    @abstractmethod
    def refused(self, reply: CommandReply) -> str | None:
        """Why a submission was surely not taken; None where it may have been."""

    @abstractmethod
    def list_jobs(self) -> list[str]:
        """The command that lists all jobs of this user, those that ended a while ago among them."""

    @abstractmethod
    def listed(self, out: str) -> Sequence[JobSeen]:
        """The jobs in what that command prints, the newest of a name last."""

    @abstractmethod
    def cancel(self, tag: str, job_id: str | None) -> list[str]:
        """The command that ends a job; by its name where its id is not known."""

    @abstractmethod
    def account(self, tag: str, job_id: str | None) -> list[str] | None:
        """The command that asks the accounting for a job; None where there is no such thing."""

    @abstractmethod
    def accounted(self, reply: CommandReply) -> Accounted | None:
        """What the accounting says of a job that ended; None where it says nothing."""

    @abstractmethod
    def no_accounting(self, reply: CommandReply) -> bool:
        """Whether the answer says that nothing is accounted for here at all."""

    def misconfigured(self, reply: CommandReply) -> bool:
        """Whether the command failed because it found no configuration, which no waiting mends."""
        return False

    def stated(self) -> bool:
        """Whether anything here says that the batch system is used, beside its commands."""
        return True

    @abstractmethod
    def list_partitions(self) -> list[str]:
        """The command that lists partitions or queues."""

    @abstractmethod
    def partitions(self, out: str) -> tuple[Partition, ...]:
        """Partitions in what that command prints."""

    @abstractmethod
    def launch(self, resources: Resources) -> list[str]:
        """What stands before a command that every rank of a job is to run."""

    @abstractmethod
    def version(self) -> list[str]:
        """The command that prints the batch system's version."""
