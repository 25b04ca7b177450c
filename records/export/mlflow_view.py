"""What MLflow shows of the case, from the other files of its export: what a run there must say."""

from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.submission import Submission
from records.export.in_words import money_in_words, paid_kinds
from records.export.payload import LINEAGE, ExportPayload, Json
from records.ledger.budgets import BudgetState
from records.ledger.case_ledger import SHADOW
from records.tracking.submissions import paid_for
from records.tracking.view import CASE, CaseInView, ShownRun

MLFLOW = "mlflow.json"
_KEY = ("case_id", "attempt", "ordinal")
_REPEAT_DATA = ("about", "tierwise.about", "tierwise.error", "mlflow.note.content")
"""Parameters and tags in words that may quote the data; those of the instance are gone with it."""


def mlflow_view(rest: ExportPayload) -> dict[str, Any]:
    """Status, parameters, metrics and tags of each run, as `records.tracking.view` has them, and whether the
    money among them is practice."""
    case = _case(rest)
    runs = [each.to_json() for each in case.runs()]
    paid = paid_kinds(each.to_json() for each in case.attempts)
    for run in runs:
        kinds = paid if run["run"] == CASE else {run["params"]["device_kind"]}
        run.update(money_in_words(run["metrics"].get("cost.usd"), kinds))
    for run in runs if rest.withheld else ():
        for kind in ("params", "tags"):
            run[kind] = {name: value for name, value in run[kind].items() if name not in _REPEAT_DATA}
    return {"experiment": f"tierwise/{rest.family}", "runs": runs}


def shown_runs(view: Json) -> list[ShownRun]:
    """The runs that such a file has."""
    return [
        ShownRun(each["run"], each["status"], each["params"], each["metrics"], each["tags"])
        for each in view["runs"]
    ]


def _case(rest: ExportPayload) -> CaseInView:
    tried = [Attempt.model_validate(row["attempt"]) for row in rest.read("attempts.json")]
    sent = [Submission.model_validate(row["handoff"]) for row in rest.read("handoffs.json")]
    spent = {WorkKey(*(row[name] for name in _KEY)): _spent(row) for row in rest.read("budgets.json")}
    return CaseInView(
        rest.lines(LINEAGE)[0]["ledger"],
        _info(rest),
        CaseStatus(rest.row["status"]),
        _outcome(rest, tried),
        tried,
        {
            each.number: paid_for(
                (row for row in sent if row.attempt == each.number),
                lambda key: spent.get(key, Amounts()),
            )
            for each in tried
        },
        [event["body"] for event in rest.events if event["kind"] == SHADOW],
    )


def _spent(row: Json) -> Amounts:
    return Amounts(**row["spent"]) if row["state"] == BudgetState.SPENT else Amounts()


def _info(rest: ExportPayload) -> CaseInfo:
    """What the case was opened with; nothing in place of data that are withheld."""
    nothing: Json = {"instance": {}} if rest.withheld else {}
    return CaseInfo.model_validate({**rest.info, **nothing, "problem": {**rest.info["problem"], **nothing}})


def _outcome(rest: ExportPayload, tried: list[Attempt]) -> Outcome | None:
    found = rest.row["outcome"]
    if found is None:
        return None
    return Outcome.model_validate({**found, "attempts": tried} if rest.withheld else found)
