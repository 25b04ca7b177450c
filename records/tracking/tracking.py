"""Tracking: the view of cases in MLflow that people browse, written behind the ladder's back.

The ledger and the store are the truth: this view can be rebuilt from them, and when it fails nothing else
does. One thread per tracker does all of MLflow's work in order, because importing MLflow and migrating a
fresh database take seconds.
"""

import atexit
import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome
from escalation.model.cases_wanted import CasesWanted
from escalation.model.decision import Decision
from escalation.model.errors import BadInput, CorruptRecord
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from escalation.ports.tracker import sampled
from records.tracking import attempts as tracking_attempt
from records.tracking import cases as tracking_case
from records.tracking import submissions
from records.tracking.client import experiment_id, open_client
from records.tracking.heads import head_of
from records.tracking.places import TrackingPlace
from records.tracking.queue import TrackingWorker

MOST_LEFT = 200
"""Jobs that MLflow may lag behind before nothing more is held for it: some forty cases."""
MISSED, MISSED_S = 100, 900.0
"""How many of the newest cases are looked through for such as MLflow was never told of, and how long ago they
must have ended: whoever drove them lags behind by less while he lives."""
PATIENCE_S = 60.0
"""Seconds that `close` waits for one thing to be logged; what is given up is logged by the next process."""


class MlflowTracker:
    """`escalation.ports.tracker.Tracker` on MLflow; the ledger learns the id of a case's run by `link_run`.

    No method of the protocol raises: the first failure is one warning in the log, and the rest goes on.
    """

    def __init__(
        self, place: TrackingPlace, ledger: Ledger, store: Store, share: float = 1.0, *, link: bool = True
    ) -> None:
        """Touches nothing yet: MLflow is imported by the first case.

        Args:
            place: where MLflow is.
            ledger: is told the ids of runs, and says which cases are alive.
            store: has the reports of cases that ended earlier.
            share: of the cases that are to have a run.
            link: whether the ledger is told the ids of runs.
        """
        self._share = share
        self._place, self._ledger, self._store, self._link = place, ledger, store, link
        self._worker = TrackingWorker(place.uri)
        self._opened = False
        self._client: Any = None
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, Any] = {}
        self._infos: dict[str, CaseInfo] = {}
        self._new: set[str] = set()
        self._later: dict[str, bool] = {}

    def case_opened(self, record: CaseRecord, instance_blob: Blob | None = None) -> None:
        """Opens the case's run, or opens it again.

        Where MLflow lags far behind, nothing of the case is held for it: its run is made at the case's end,
        from ledger and store.
        """
        case_id = record.info.case_id
        self._later.pop(case_id, None)
        if self._worker.left > MOST_LEFT:
            self._later[case_id] = record.new
            return

        def run() -> None:
            self._open_run(record, instance_blob)
            if not record.new:
                self._catch_up(case_id)

        self._put(f"case {case_id}", run)

    def _open_run(self, record: CaseRecord, instance_blob: Blob | None = None) -> None:
        case_id = record.info.case_id
        self._infos[case_id] = record.info
        run, bare = tracking_case.open_run(
            self._client, record, self._experiment(record.info), self._ledger.name()
        )
        self._runs[case_id], run_id = run, str(run.info.run_id)
        if self._link and run_id != record.mlflow_run_id:
            self._ledger.link_run(case_id, run_id)
        if bare:
            tracking_case.describe_run(self._client, run, record.info, instance_blob)
        (self._new.add if record.new else self._new.discard)(case_id)

    def decided(self, case_id: str, decision: Decision) -> None:
        """Logs a decision."""
        if case_id in self._later:
            return
        self._put(
            f"decision {decision.number} of case {case_id}",
            lambda: tracking_case.log_decision(self._client, self._runs[case_id], decision),
        )

    def attempt_finished(
        self, case_id: str, attempt: Attempt, candidate: Candidate | None, done: Sequence[Done]
    ) -> None:
        """Logs an attempt as a child run, ended as the attempt did."""
        if case_id in self._later:
            return
        at_ms = _now_ms()

        def run() -> None:
            self._log_attempt(case_id, attempt, candidate, done=done, at_ms=at_ms)

        self._put(f"attempt {attempt.number} of case {case_id}", run)

    def case_closed(
        self, case_id: str, status: CaseStatus, outcome: Outcome | None, report: bytes | None
    ) -> None:
        """Logs the outcome and ends the case's run: FINISHED, FAILED or KILLED."""
        at_ms = _now_ms()
        new = self._later.pop(case_id, None)

        def run() -> None:
            self._close(case_id, status, outcome, at_ms=at_ms, report=report)

        def whole() -> None:
            self._log_whole(case_id, status, at_ms, new=bool(new))

        self._put(f"the end of case {case_id}", run if new is None else whole)

    def _log_whole(self, case_id: str, status: CaseStatus, at_ms: int, *, new: bool) -> None:
        """Logs a case that has ended, from ledger and store."""
        record = self._ledger.case(case_id).model_copy(update={"new": new})
        self._open_run(record)
        self._catch_up(case_id)
        self._close(case_id, status, record.read_outcome(), at_ms=at_ms)

    def sweep(self) -> None:
        """Ends runs that read RUNNING though their case does not run any more; logs bills that came late."""
        self._put("what happened meanwhile", self._sweep)

    def rebuild(self, shown: Callable[[CaseRecord], bool]) -> None:
        """Logs every case of the ledger that is to be shown; what is there already stays."""
        for record in self._ledger.each_case(CasesWanted(oldest_first=True)):
            if shown(record):
                self.case_opened(record)
                self.case_closed(record.info.case_id, record.status, record.read_outcome(), None)

    @property
    def left(self) -> int:
        """How much is still to be logged."""
        return self._worker.left

    def drain(self, timeout_s: float) -> bool:
        """Waits until everything so far is logged; False when the time is up first."""
        return self._worker.drain(timeout_s)

    def close(self) -> None:
        """Waits for what is queued, ends runs of cases that were not closed as KILLED; safe to call twice."""
        if not self._opened:
            return
        atexit.unregister(self.close)
        self._put("interrupted cases", self._kill_open)
        if not self._worker.stop(PATIENCE_S):
            self._worker.warn("everything", TimeoutError(f"no answer in {PATIENCE_S:.0f} s"))
        self._opened = False

    def _put(self, what: str, run: Callable[[], None]) -> None:
        if not self._opened:
            # Its import changes how SQLAlchemy reads any statement, half-way to AttributeErrors: MLflow's
            # would happen in the thread, beside statements of the ledger.
            importlib.import_module("sqlalchemy.orm")
            self._opened = True
            atexit.register(self.close)
            self._worker.put("anything", self._open)
            self._queue("what happened meanwhile", self._sweep)
        self._queue(what, run)

    def _queue(self, what: str, run: Callable[[], None]) -> None:
        def if_open() -> None:
            if self._client is not None:
                run()

        self._worker.put(what, if_open)

    def _open(self) -> None:
        self._client = open_client(self._place)

    def _experiment(self, info: CaseInfo) -> str:
        """The id of the family's experiment, asked for once."""
        family = info.problem.family
        if family not in self._experiments:
            self._experiments[family] = experiment_id(self._client, family, self._place.artifacts)
        return self._experiments[family]

    def _log_attempt(
        self,
        case_id: str,
        attempt: Attempt,
        candidate: Candidate | None,
        *,
        done: Sequence[Done],
        at_ms: int,
    ) -> None:
        parent, info = self._runs[case_id], self._infos[case_id]
        client = self._client
        run_id = tracking_attempt.log_attempt(
            client, parent, info, attempt, candidate, done=done, at_ms=at_ms, new=case_id in self._new
        )
        submissions.log_submissions(client, run_id, self._paid(case_id, attempt.number), at_ms)

    def _paid(self, case_id: str, attempt: int) -> submissions.Paid:
        rows = (row for row in self._ledger.submissions(case_id) if row.attempt == attempt)
        return submissions.paid_for(rows, self._ledger.spent_for)

    def _catch_up(self, case_id: str) -> None:
        """Logs what the ledger knows of the case: a process that died may not have come to log it."""
        for decision in self._ledger.decisions(case_id):
            tracking_case.log_decision(self._client, self._runs[case_id], decision)
        for attempt, candidate, done in self._tried(case_id):
            self._log_attempt(case_id, attempt, candidate, done=done, at_ms=_now_ms())

    def _tried(self, case_id: str) -> Iterator[tuple[Attempt, Candidate | None, Sequence[Done]]]:
        """The attempts with what they made and ran; of a case of which files were given up, without those."""
        if self._ledger.prunings(case_id):
            yield from ((attempt, None, ()) for attempt in self._ledger.attempt_records(case_id))
            return
        for attempt, candidate in self._ledger.attempts(case_id):
            yield attempt, candidate, self._ledger.works(case_id, attempt.number)

    def _tables(self, case_id: str, outcome: Outcome | None, report: bytes | None) -> Mapping[str, bytes]:
        if outcome is None:
            attempts: Sequence[Attempt] = [attempt for attempt, _ in self._ledger.attempts(case_id)]
            decisions = self._ledger.decisions(case_id)
        else:
            attempts, decisions = outcome.attempts, outcome.decisions
        files = {
            "decisions_table.json": tracking_case.decision_table(decisions),
            "attempts_table.json": tracking_case.attempt_table(attempts),
        }
        return files if report is None else {**files, "report.html": report}

    def _sweep(self) -> None:
        self._log_missed()
        found = self._client.search_experiments(filter_string="name LIKE 'tierwise/%'")
        ids = [experiment.experiment_id for experiment in found]
        if not ids:
            return
        where = "attributes.status = 'RUNNING' and tags.`tierwise.kind` = 'case'"
        for run in self._client.search_runs(ids, where):
            if self._ours(run) and not tracking_case.written_by_living(run.data.tags):
                self._end_late(run.info.run_id, run.data.tags["tierwise.case_id"])
        unbilled = f"tags.`{submissions.BILL}` = '{submissions.OPEN}'"
        for run in filter(self._ours, self._client.search_runs(ids, unbilled)):
            tags = run.data.tags
            paid = self._paid(tags["tierwise.case_id"], int(tags["tierwise.attempt"]))
            submissions.log_submissions(self._client, run.info.run_id, paid, _now_ms())

    def _ours(self, run: Any) -> bool:
        """Whether it is of this ledger; those of earlier versions do not say."""
        return run.data.tags.get(tracking_case.LEDGER) in (None, self._ledger.name())

    def _log_missed(self) -> None:
        """Logs cases that ended without a run: their process died before it came to make one."""
        now_s = self._ledger.now_s()
        for record in self._ledger.cases(CasesWanted(limit=MISSED)):
            case_id, ended = record.info.case_id, record.closed_at
            if record.mlflow_run_id is not None or ended is None or not sampled(case_id, self._share):
                continue
            if now_s - datetime.fromisoformat(ended).timestamp() >= MISSED_S:
                self._log_whole(case_id, record.status, tracking_case.to_ms(ended), new=False)

    def _end_late(self, run_id: str, case_id: str) -> None:
        """Ends the run of a case that ended, or was ended, before its process came to log that."""
        try:
            record = self._ledger.case(case_id)
        except BadInput:  # of another ledger
            return
        if record.status is not CaseStatus.RUNNING:
            self._runs[case_id], self._infos[case_id] = self._client.get_run(run_id), record.info
            if self._link and record.mlflow_run_id is None:
                self._ledger.link_run(case_id, run_id)
            self._catch_up(case_id)
            self._close(record.info.case_id, record.status, record.read_outcome(), at_ms=_now_ms())

    def _close(
        self,
        case_id: str,
        status: CaseStatus,
        outcome: Outcome | None,
        *,
        at_ms: int,
        report: bytes | None = None,
    ) -> None:
        files = self._tables(case_id, outcome, report or self._report(outcome))
        run, info = self._runs.pop(case_id), self._infos.pop(case_id)
        self._new.discard(case_id)
        head, shadows = self._head(case_id, run.info.run_id), self._ledger.shadows(case_id)
        tracking_case.close_run(
            self._client, run, info, status, outcome, files=files, head=head, shadows=shadows, at_ms=at_ms
        )

    def _head(self, case_id: str, run_id: str) -> Mapping[str, Any] | None:
        """The signed head to tell; None where the one that was told earlier stays."""
        told = head_of(self._client.get_run(run_id))
        over = None if told is None else told[1]
        head = self._ledger.signed_head(case_id, over)
        return None if head is over else head

    def _report(self, outcome: Outcome | None) -> bytes | None:
        if outcome is None or outcome.report is None:
            return None
        try:
            return self._store.get(outcome.report)
        except CorruptRecord:  # the audit tells it; what else there is of the case is shown all the same
            return None

    def _kill_open(self) -> None:
        for run in self._runs.values():
            self._client.set_terminated(run.info.run_id, "KILLED")
        self._runs.clear()


def _now_ms() -> int:
    return int(time.time() * 1000)
