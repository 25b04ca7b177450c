"""Runs the free work of a recorded case again, on records that are thrown away."""

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from escalation.engine.case import Case
from escalation.engine.executing import AnyBackend, execute
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime
from escalation.engine.steps import Item
from escalation.model.attempt import Done
from escalation.model.case import CaseInfo
from escalation.model.errors import BadInput, Faulted, TierwiseError, one_line
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.policy import floor
from escalation.ports.paid import PaidBackend
from escalation.ports.registry import backend_descriptor, backends

_NAMES = re.compile(r"[:+]")
"""Between the names in a device's: a simulator may name the machine that it is to run on."""
_LEAST = 2
"""Cores that work may take wherever it runs, as MPI programs do by default."""
_TIME_LIMIT = "its time limit ended it, and how far it comes by then is the machine's speed"


@dataclass
class Recomputing:
    """Runs work again that costs nothing, asks nobody, and can be run here.

    Attributes:
        runtime: with records of its own.
        case: opened again.
        told: is told what is run, for who waits.
        of_a_stranger: whether anybody can have written the record: work is then run by processes of this
            machine alone, never sent away, and on no more cores than there are.
        run: pieces of work that were run again.
        left: a line on each that was not, and why.
    """

    runtime: Runtime
    case: Case
    told: Callable[[str], None] = lambda line: None
    of_a_stranger: bool = False
    run: int = 0
    left: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Under another id: what a batch system knows by the tag of the case's own work is not taken for ours.
        self._info: CaseInfo = self.case.info.model_copy(update={"case_id": f"replay-{secrets.token_hex(8)}"})
        self.runtime.ledger.open_case(self._info)
        self._running = Running(self.runtime.alone(), self.case)

    def __call__(self, item: Item, recorded: Done | None) -> RawResult | None:
        """The result of the work, run again; what the record has where it is not, and why is noted."""
        why = self._reason(item, recorded)
        if not why:
            self.told(f"{item.label}, work {item.key.ordinal}, on {item.backend}")
            result = self._result(item)
            if isinstance(result, RawResult):
                self.run += 1
                return result
            why = result
        self.left.append(f"work {item.key.ordinal} of attempt {item.key.attempt}, on {item.backend}: {why}")
        return None if recorded is None else recorded.result

    def _reason(self, item: Item, recorded: Done | None) -> str:
        """Why the work is not run again; empty where it is."""
        if recorded is not None and recorded.result.state is JobState.TIMED_OUT:
            return _TIME_LIMIT
        if item.asks:
            return "a person was asked about it"
        try:
            if self.of_a_stranger and (why := _sent_away(item)):
                return why  # before the machine is opened, which asks it
            machine = self.runtime.backend(item.backend)
            if isinstance(machine, PaidBackend) or floor.is_hardware(machine, item.backend):
                return "it is paid for, and nothing that is paid for is sent again"
            return "its nodes and cores have a price" if self.runtime.charges(item.backend) else ""
        except TierwiseError as error:  # no such machine here
            return one_line(error)

    def _result(self, item: Item) -> RawResult | str:
        """The result of work that ended by itself; else what the machine here did to it."""
        key = replace(item.key, case_id=self._info.case_id)
        self.runtime.ledger.intend(key, item.work, item.backend)
        mine = replace(item, key=key, wall_s_left=None, usd_left=None)
        try:
            result = execute(self._running, mine, cast(AnyBackend, self.runtime.backend(item.backend)))
        except Faulted as error:
            return str(error).partition(". ")[0]
        except BadInput as error:  # what the machine here does not take, or is not set up for
            return one_line(error)
        self.runtime.ledger.settle(key, result)
        return f"here {_TIME_LIMIT}" if result.state is JobState.TIMED_OUT else result


def _sent_away(item: Item) -> str:
    """Why the work is not what processes of this machine do; empty where it is.

    Raises:
        BadInput: when there is no such machine.
    """
    descriptor, device = backend_descriptor(item.backend)
    if descriptor.device_kind(device).paid:
        return "it is paid for, and nothing that is paid for is sent again"
    under = [backends().get(name) for name in (descriptor.name, *_NAMES.split(device or ""))]
    if any(found.durable for found in under if found is not None):
        return "the record is an export, and what an export names is not sent to a batch system"
    wanted, here = item.work.resources.ranks * item.work.resources.threads, len(os.sched_getaffinity(0))
    if wanted > max(here, _LEAST):
        return f"the record is an export, and its work wants {wanted} processor cores, there are {here}"
    return ""
