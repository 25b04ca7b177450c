"""MLflow's runs against the ledger: whether each case is shown as it is, and each run's case is there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from escalation.model.case import CaseRecord
from escalation.model.errors import BadInput, CorruptRecord, first_line
from escalation.text.addresses import without_password
from escalation.text.wording import counted
from records.ledger.ledger import SqlLedger
from records.tracking.client import open_client
from records.tracking.heads import case_runs, head_of
from records.tracking.places import TrackingPlace
from records.tracking.submissions import paid_for
from records.tracking.view import CASE, CaseInView, ShownRun, differing


@dataclass
class Tracked:
    """What was found in MLflow.

    Attributes:
        findings: a line for everything that is not as in the ledger.
        runs: of cases, looked at.
        heads: signed heads that runs have, by whose they are, in words.
    """

    findings: list[str] = field(default_factory=list)
    runs: int = 0
    heads: list[tuple[str, Any]] = field(default_factory=list)


def tracked(ledger: SqlLedger, place: TrackingPlace | None) -> Tracked:
    """Looks through all runs; an MLflow that is in a file that is not there has none, and is not made."""
    report = Tracked()
    if place is None:
        return report
    if place.file is not None and not place.file.exists():
        report.findings.extend(_gone(ledger, place))
        return report
    try:
        client = open_client(place)
        client.search_experiments(max_results=1)
    except Exception as error:  # of many libraries, by whatever is between here and there
        said = without_password(first_line(error), place.uri)
        report.findings.append(f"MLflow at {place.shown} cannot be asked: {said}")
        return report
    cases, gone = set(), []
    for record in ledger.each_case(broken=report.findings.append):
        cases.add(record.info.case_id)
        if record.mlflow_run_id is None:
            continue
        run = _run(client, record.mlflow_run_id)
        if run is None:
            gone.append(record.info.case_id)
            continue
        report.runs += 1
        try:
            report.findings.extend(_case(client, ledger, record, run))
        except CorruptRecord as error:
            report.findings.append(str(error))
    _say_gone(report, gone)
    for run in case_runs(client, ledger.name()):
        case_id, head = run.data.tags["tierwise.case_id"], head_of(run)
        if case_id not in cases and _is_gone(ledger, case_id, run):
            named = f"MLflow's run {run.info.run_id} of case {case_id}"
            report.findings.append(f"{named} is of this ledger, which has no such case: it was taken away")
        if head is not None:
            report.heads.append(head)
    return report


def _gone(ledger: SqlLedger, place: TrackingPlace) -> Iterator[str]:
    """What is said of an MLflow that is not there any more."""
    records = ledger.each_case(broken=lambda line: None)  # the check of the chains tells those
    gone = sum(record.mlflow_run_id is not None for record in records)
    if gone:
        yield (
            f"MLflow at {place.shown} is gone, and with it the runs of {counted(gone, 'case', 'cases')}: "
            "`tierwise ledger rebuild-mlflow` makes them again"
        )


def _is_gone(ledger: SqlLedger, case_id: str, run: Any) -> bool:
    """Whether the ledger has no such case, asked anew, and did not leave it behind in a back-up."""
    try:
        ledger.case(case_id)
    except CorruptRecord:
        return False
    except BadInput:
        return not ledger.left_behind(run.info.start_time / 1000)
    return False


def _say_gone(report: Tracked, cases: Sequence[str]) -> None:
    """Says of which cases the runs that the ledger names are not there; all in a line."""
    if cases:
        which = f"case {cases[0]}" if len(cases) == 1 else f"{len(cases)} cases, {cases[0]} one of them"
        report.findings.append(
            f"MLflow has no run of {which}, and the ledger names one: `tierwise ledger rebuild-mlflow` makes "
            "MLflow's view anew, in a place that is empty"
        )


def _run(client: Any, run_id: str) -> Any | None:
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException:
        return None
    return run if run.info.lifecycle_stage == "active" else None


def _case(client: Any, ledger: SqlLedger, record: CaseRecord, run: Any) -> Iterator[str]:
    case_id = record.info.case_id
    if record.status.final:
        yield from compared(client, run, _in_view(ledger, record).runs(), "the ledger")
        return
    for name, expected in (("tierwise.case_id", case_id), ("tierwise.kind", CASE)):
        if run.data.tags.get(name) != expected:
            yield f"MLflow's run of case {case_id}: expected {name} {expected} as in the ledger"


def compared(client: Any, run: Any, expected: Iterable[ShownRun], whose: str) -> Iterator[str]:
    """What MLflow shows otherwise of a case.

    Args:
        client: of MLflow.
        run: the case's.
        expected: what the case's runs have to say, its own and those of its attempts.
        whose: word it is that they have to, in words.
    """
    where = f"tags.`mlflow.parentRunId` = '{run.info.run_id}' and tags.`tierwise.kind` = 'attempt'"
    children = client.search_runs([run.info.experiment_id], where)
    runs = {f"attempt {each.data.tags.get('tierwise.attempt')}": each for each in children} | {CASE: run}
    expected = [*expected]
    case = expected[0].tags["tierwise.case_id"]
    for each in expected:
        named = f"MLflow's run of {'' if each.name == CASE else f'{each.name} of '}case {case}"
        if each.name not in runs:
            yield f"{named} is missing"
            continue
        for line in differing(each, runs.pop(each.name), whose):
            yield f"{named}: {line}"
    for name in runs:
        yield f"MLflow has a run of {name} of case {case}, of which {whose} has nothing"


def _in_view(ledger: SqlLedger, record: CaseRecord) -> CaseInView:
    """A case as the ledger has it."""
    case_id = record.info.case_id
    tried, sent = ledger.attempt_records(case_id), ledger.submissions(case_id)
    return CaseInView(
        ledger.name(),
        record.info,
        record.status,
        record.read_outcome(),
        tried,
        {
            each.number: paid_for((row for row in sent if row.attempt == each.number), ledger.spent_for)
            for each in tried
        },
        ledger.shadows(case_id),
    )
