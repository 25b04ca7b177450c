"""How a batch is run: its name, policy and budget, and how much of it at once."""

import os
import re
from dataclasses import dataclass, field

from escalation.engine.case import Case
from escalation.inputs.document import shown
from escalation.model.amounts import Caps
from escalation.model.errors import BadInput
from escalation.model.identity import digest_json

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,39}", re.ASCII)
MOST_WORKERS = 256
MOST_PROCESSES = 64
WORTH_A_PROCESS = 50
"""Problems for which one more process is started where none are asked for: its start takes seconds."""
DIGITS = 16
"""Of a digest in the id of a case: among 10⁸ cases two of 10¹⁹ are alike with a probability of 0.0003."""


@dataclass(frozen=True)
class BatchPlan:
    """How a batch is run.

    Attributes:
        name: a batch of another name solves the same problems anew.
        policy: a policy file, or the name of one; wins over those that the problems name.
        workers: cases that run at once; 0: as many as there are processors, and no fewer than processes.
        budget: of all its cases together.
        engine: who drives the ladder, for the record.
        processes: in which they run, shared out evenly; 1: in this one, and no other is started; 0: one a
            processor where there are problems enough to be worth it.
    """

    name: str = ""
    policy: str | None = None
    workers: int = 0
    budget: Caps = field(default_factory=Caps)
    engine: str = "plain"
    processes: int = 0

    def __post_init__(self) -> None:
        if self.name and not _NAME.fullmatch(self.name):
            raise BadInput(
                "the batch's name: expected up to 40 letters, digits, '-', '_' or '.', got "
                f"{shown(self.name, quoted=True)}"
            )
        if not 0 <= self.workers <= MOST_WORKERS:
            raise BadInput(f"workers: expected 1 to {MOST_WORKERS}, got {self.workers}")
        if not 0 <= self.processes <= MOST_PROCESSES:
            raise BadInput(f"processes: expected 1 to {MOST_PROCESSES}, got {self.processes}")
        if 0 < self.workers < self.processes:
            raise BadInput(
                f"processes: expected at most one for each of the {self.workers} that are solved at once "
                f"(workers), got {self.processes}"
            )

    def at_once(self, problems: int) -> int:
        """How many of so many problems are solved at once."""
        return min(self.workers or max(_processors(), self.processes), problems)

    def processes_for(self, problems: int) -> int:
        """In how many processes; 1 is this one."""
        wanted = self.processes or min(_processors(), problems // WORTH_A_PROCESS)
        return max(1, min(wanted, self.at_once(problems)))

    def case_id(self, case: Case) -> str:
        """The same for the same problem, instance and policy, in every run of the batch."""
        about = [self.name, case.info.problem_digest, case.info.instance_digest, case.info.policy_digest]
        return f"{self.name or case.family.name}-{digest_json(about)[:DIGITS]}"


def _processors() -> int:
    return len(os.sched_getaffinity(0))
