"""Cases that ended, with files of every kind in the store, which were put three days ago."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from escalation.model.attempt import Attempt, Candidate
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.decision import Decision
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import DataClass
from escalation.model.result import RawResult
from records.ledger.ledger import SqlLedger
from records.retention.pruning import Pruned, prune
from records.retention.rule import Retention
from records.store.files import FileStore

AT_ONCE = 1e-9
"""Days, less than a tenth of a millisecond."""
DAYS_AGO_S = 3 * 86400.0
ALL = Retention(dict.fromkeys(DataClass, AT_ONCE))
KINDS = ("data", "input", "result", "model", "answer", "report")


def age(store: FileStore) -> None:
    """Makes every file of the store three days old."""
    for path in store.folder.glob("??/??/*"):
        os.utime(path, (time.time() - DAYS_AGO_S,) * 2)


@dataclass
class Keeper:
    """A ledger and a store with cases."""

    ledger: SqlLedger
    store: FileStore
    info: Callable[..., CaseInfo]
    decision: Callable[..., Decision]
    attempt: Callable[..., Attempt]
    files: dict[str, dict[str, str]] = field(default_factory=dict)

    def open(self, case_id: str, data_class: DataClass = DataClass.PUBLIC, **bytes_: bytes) -> None:
        """Opens a case and has it do its work; every file's bytes are its case's own unless given."""
        made = {kind: bytes_.get(kind, f"{kind} of {case_id}".encode()) for kind in KINDS}
        self.files[case_id] = {kind: self.store.put(data) for kind, data in made.items()}
        info = self.info(case_id, files={"t.csv": self.files[case_id]["data"]})
        problem = info.problem.model_copy(update={"data_class": data_class})
        self.ledger.open_case(info.model_copy(update={"problem": problem}))
        self.ledger.add_decision(case_id, self.decision(0))
        key = WorkKey(case_id, 0, 0)
        self.ledger.intend(key, LocalCall("a:b", {}, {"x": Blob(made["input"])}), "local")
        self.ledger.settle(key, RawResult(JobState.DONE, {}, {"y": Blob(made["result"])}))
        self.ledger.add_attempt(case_id, self.attempt(0), Candidate({}, {"model": Blob(made["model"])}))

    def end(self, case_id: str, status: CaseStatus = CaseStatus.ACCEPTED) -> None:
        """Closes the case."""
        files = self.files[case_id]
        outcome = Outcome(
            case_id=case_id, status=status, report=files["report"], files={"plan.csv": files["answer"]}
        )
        self.ledger.close_case(case_id, status, outcome)

    def case(self, case_id: str, data_class: DataClass = DataClass.PUBLIC, **bytes_: bytes) -> dict[str, str]:
        """Opens and ends a case; returns the digests of its files by kind."""
        self.open(case_id, data_class, **bytes_)
        self.end(case_id)
        return self.files[case_id]

    def age(self) -> None:
        """Makes every file of the store three days old."""
        age(self.store)

    def prune(self, retention: Retention = ALL, **changes: Any) -> Pruned:
        """Prunes what is old enough."""
        return prune(self.ledger, self.store, retention, by="ada", **changes)

    def there(self) -> set[str]:
        """The digests in the store."""
        return set(self.store.digests())

    def kinds(self, case_id: str) -> list[str]:
        """The kinds of the case's events."""
        return [event["kind"] for event in self.ledger.events(case_id)]

    def findings(self) -> list[str]:
        """What an audit of ledger and store finds."""
        lost = sorted(self.ledger.digests() - self.there())
        return [*self.ledger.findings(), *(f"no file {digest}" for digest in lost)]


@pytest.fixture
def keeper(
    ledger: SqlLedger, store: FileStore, make_info: Any, make_decision: Any, make_attempt: Any
) -> Keeper:
    return Keeper(ledger, store, make_info, make_decision, make_attempt)
