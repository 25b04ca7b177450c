"""Cases in the ledger: opened, taken up again, closed."""

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, bindparam, select

from escalation.inputs.document import shown
from escalation.model.case import CaseInfo, CaseRecord, CaseStatus, Outcome
from escalation.model.cases_wanted import CasesWanted
from escalation.model.errors import BadInput, CaseConflict, CorruptRecord
from escalation.model.texts import storable
from records.ledger import leases, questions
from records.ledger.chains import now, text_json
from records.ledger.events import by_key, put, seal
from records.ledger.readable import Broken, of_row
from records.ledger.schema import cases, family_of, following

PAGE = 200
"""Cases that are read at once."""
CASE_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,79}", re.ASCII)
"""Case ids become names of files and parts of queries."""


def start(
    connection: Connection, info: CaseInfo, lease_s: float, *, abandoned: bool
) -> tuple[CaseRecord, int | None]:
    """Opens a case or takes it up again; returns it with the lease's token, None when it is final.

    `lease_s` and `abandoned` are as in `leases.take`.

    Raises:
        BadInput: when the id cannot be one.
        CaseConflict: when the id belongs to something else, or a living process runs the case.
    """
    if not CASE_ID.fullmatch(info.case_id):
        raise BadInput(
            "expected a case id of at most 80 letters, digits, dots, dashes and underscores, "
            f"got {info.case_id!r}"
        )
    row = _find(connection, info.case_id)
    if row is None:
        opened = _record(_insert(connection, info), CaseStatus.RUNNING)
        return opened.model_copy(update={"new": True}), leases.begin(connection, info.case_id, lease_s)
    _check_same(_info(row), info)
    if CaseStatus(row["status"]).final:
        return _record(row, CaseStatus(row["status"])), None
    token = leases.take(connection, info.case_id, lease_s, abandoned=abandoned)
    environment = {name: value for name, value in info.environment.items() if name != "folder"}  # as opened
    body = {"was": row["status"], "token": token, "environment": environment}
    row = _set(connection, info.case_id, row, "case.resumed", body, status=CaseStatus.RUNNING, closed_at=None)
    return _record(row, CaseStatus.RUNNING), token


def get(connection: Connection, case_id: str) -> CaseRecord:
    """Returns one case.

    Raises:
        BadInput: when there is none.
    """
    return _read(connection, _known(connection, case_id))


def ids_from(connection: Connection, beginning: str, most: int) -> list[str]:
    """Ids that begin so, the newest cases first; one that is so itself comes alone."""
    known = cases.c.case_id
    if _find(connection, beginning) is not None:
        return [beginning]
    query = select(known).where(known.startswith(beginning, autoescape=True)).order_by(cases.c.number.desc())
    found = connection.execute(query.limit(most)).scalars()
    return [each for each in found if each.startswith(beginning)]  # SQLite compares without regard to case


def ended(connection: Connection) -> dict[str, str]:
    """When each case that is over was closed; ISO 8601 in UTC."""
    final = [status for status in CaseStatus if status.final]
    query = select(cases.c.case_id, cases.c.closed_at, cases.c.opened_at).where(cases.c.status.in_(final))
    return {row.case_id: row.closed_at or row.opened_at for row in connection.execute(query)}


def page(connection: Connection, wanted: CasesWanted, broken: Broken | None = None) -> Sequence[CaseRecord]:
    """The cases wanted, in the order in which they were opened, or newest first.

    `broken` is told of a row that cannot be read; without it `CorruptRecord` is raised.

    Raises:
        BadInput: when the case that the page begins after is not there.
    """
    query, found = _query(connection, wanted), list[CaseRecord]()
    last = None
    while wanted.limit is None or len(found) < wanted.limit:
        later = query if last is None else query.where(_beyond(last, wanted))
        rows = _next(connection, later, wanted)
        records = filter(None, (_read_or_tell(connection, row, broken) for row in rows))
        found += [record for record in records if _is(record, wanted)]
        if len(rows) < PAGE:
            break
        last = rows[-1]["number"]
    return found[: wanted.limit]


def _query(connection: Connection, wanted: CasesWanted) -> Select[Any]:
    column = cases.c.number
    query = select(cases).order_by(column.asc() if wanted.oldest_first else column.desc())
    if wanted.after is not None:
        get(connection, wanted.after)
        mark = select(column).where(cases.c.case_id == wanted.after).scalar_subquery()
        query = query.where(_beyond(mark, wanted))
    if wanted.states is not None:
        query = query.where(cases.c.status == bindparam("state"))
    if wanted.family is not None:
        query = query.where(family_of(connection.dialect.name) == wanted.family)
    if wanted.since_text is not None:
        query = query.where(cases.c.opened_at >= wanted.since_text)
    return query


def _next(connection: Connection, query: Select[Any], wanted: CasesWanted) -> Sequence[RowMapping]:
    """The next rows. State by state: with several at once no database reads them in order by an index."""
    if wanted.states is None:
        return connection.execute(query.limit(PAGE)).mappings().all()
    states = wanted.states | ({CaseStatus.RUNNING} if CaseStatus.INTERRUPTED in wanted.states else set())
    rows = [
        row for state in states for row in connection.execute(query.limit(PAGE), {"state": state}).mappings()
    ]
    return sorted(rows, key=lambda row: row["number"], reverse=not wanted.oldest_first)[:PAGE]


def _beyond(number: Any, wanted: CasesWanted) -> ColumnElement[bool]:
    """What comes after the case of that number."""
    after: ColumnElement[bool] = cases.c.number > number if wanted.oldest_first else cases.c.number < number
    return after


def _is(record: CaseRecord, wanted: CasesWanted) -> bool:
    """Whether the case is in a state that is wanted: one whose process is gone reads INTERRUPTED."""
    return wanted.states is None or record.status in wanted.states


def link_run(connection: Connection, case_id: str, mlflow_run_id: str) -> None:
    """Notes the MLflow run that shows the case."""
    row, body = _known(connection, case_id), {"mlflow_run_id": mlflow_run_id}
    _set(connection, case_id, row, "case.run_linked", body, mlflow_run_id=mlflow_run_id)


def finish(
    connection: Connection, case_id: str, token: int, status: CaseStatus, outcome: Outcome | None
) -> None:
    """Sets the status, keeps the outcome, gives the lease back."""
    values: dict[str, Any] = {"status": status, "closed_at": now()}
    if outcome is not None:
        values["outcome"] = text_json(outcome.to_json())
    _set(connection, case_id, _find(connection, case_id), "case.closed", {"status": str(status)}, **values)
    leases.give_back(connection, case_id, token)


def _insert(connection: Connection, info: CaseInfo) -> RowMapping:
    info = info.model_copy(update={"asked_before": questions.asked_before(connection, info)})
    values = {
        "number": following(cases.c.number, sequences=connection.dialect.supports_sequences),
        "info": text_json(info.to_json()),
        "status": CaseStatus.RUNNING,
        "opened_at": now(),
    }
    row = put(connection, cases, (info.case_id,), None, values)
    questions.note(connection, info)
    body = {"problem": info.problem_digest, "instance": info.instance_digest, "policy": info.policy_digest}
    seal(connection, cases, row, "case.opened", body)
    return row


def _set(
    connection: Connection,
    case_id: str,
    before: RowMapping | None,
    kind: str,
    body: dict[str, Any],
    **values: Any,
) -> RowMapping:
    row = put(connection, cases, (case_id,), before, values)
    seal(connection, cases, row, kind, body)
    return row


def _find(connection: Connection, case_id: str) -> RowMapping | None:
    if not isinstance(case_id, str) or not storable(case_id):
        raise no_case(case_id)  # which the database would say in SQL
    return by_key(connection, cases, (case_id,))


def _known(connection: Connection, case_id: str) -> RowMapping:
    row = _find(connection, case_id)
    if row is None:
        raise no_case(case_id)
    return row


def no_case(case_id: Any) -> BadInput:
    """The error that says of what is no case's id that it is none."""
    said = shown(case_id, quoted=True)
    return BadInput(f"expected the id of a case in this ledger, got {said}: `tierwise cases` lists them")


def _info(row: RowMapping) -> CaseInfo:
    return CaseInfo.model_validate(json.loads(row["info"]))


def _read_or_tell(connection: Connection, row: RowMapping, broken: Broken | None) -> CaseRecord | None:
    try:
        return _read(connection, row)
    except CorruptRecord as error:
        if broken is None:
            raise
        broken(str(error))
        return None


def _read(connection: Connection, row: RowMapping) -> CaseRecord:
    status = _status(row)
    if status is CaseStatus.RUNNING and not leases.held(connection, leases.find(connection, row["case_id"])):
        status = CaseStatus.INTERRUPTED
    return _record(row, status)


@of_row(cases)
def _status(row: RowMapping) -> CaseStatus:
    return CaseStatus(row["status"])


@of_row(cases)
def _record(row: RowMapping, status: CaseStatus) -> CaseRecord:
    return CaseRecord(
        info=_info(row),
        status=status,
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        mlflow_run_id=row["mlflow_run_id"],
        outcome=None if row["outcome"] is None else json.loads(row["outcome"]),
    )


def _check_same(has: CaseInfo, got: CaseInfo) -> None:
    for what in ("problem", "instance", "policy"):
        before, after = getattr(has, f"{what}_digest"), getattr(got, f"{what}_digest")
        if before != after:
            raise CaseConflict(
                f"case {got.case_id!r} belongs to another {what}: expected {what} digest {before[:12]}, "
                f"got {after[:12]}; give the {what} it was opened with, or another case id"
            )
