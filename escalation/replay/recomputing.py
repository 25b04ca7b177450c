"""Runs the free work of a recorded case again, on records that are thrown away."""

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
from escalation.model.errors import Faulted, TierwiseError, one_line
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.policy import floor
from escalation.ports.paid import PaidBackend

_TIME_LIMIT = "its time limit ended it, and how far it comes by then is the machine's speed"


@dataclass
class Recomputing:
    """Runs work again that costs nothing, asks nobody, and can be run here.

    Attributes:
        runtime: with records of its own.
        case: opened again.
        told: is told what is run, for who waits.
        run: pieces of work that were run again.
        left: a line on each that was not, and why.
    """

    runtime: Runtime
    case: Case
    told: Callable[[str], None] = lambda line: None
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
            machine = self.runtime.backend(item.backend)
        except TierwiseError as error:  # no such machine here
            return one_line(error)
        if isinstance(machine, PaidBackend) or floor.is_hardware(machine, item.backend):
            return "it is paid for, and nothing that is paid for is sent again"
        return "its nodes and cores have a price" if self.runtime.charges(item.backend) else ""

    def _result(self, item: Item) -> RawResult | str:
        """The result of work that ended by itself; else what the machine here did to it."""
        key = replace(item.key, case_id=self._info.case_id)
        self.runtime.ledger.intend(key, item.work, item.backend)
        mine = replace(item, key=key, wall_s_left=None, usd_left=None)
        try:
            result = execute(self._running, mine, cast(AnyBackend, self.runtime.backend(item.backend)))
        except Faulted as error:
            return str(error).partition(". ")[0]
        self.runtime.ledger.settle(key, result)
        return f"here {_TIME_LIMIT}" if result.state is JobState.TIMED_OUT else result
