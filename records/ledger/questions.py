"""Which data a case asked what about: repeats what the case's row says, to be found by the data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from escalation.model.asked_before import MOST, AskedBefore, Question
from escalation.model.case import CaseInfo
from records.ledger.chains import text_json
from records.ledger.schema import cases, questions


def asked_before(connection: Connection, info: CaseInfo) -> AskedBefore:
    """What other questions the ledger knows to the case's data; the first ones, where they are many."""
    if not info.data_digest:
        return AskedBefore()
    mine = text_json(info.question.to_json())
    query = select(questions.c.question).where(questions.c.data == info.data_digest).distinct()
    found = connection.execute(query.where(questions.c.question != mine).limit(MOST)).scalars()
    return AskedBefore.of(info.question, {Question.model_validate_json(text) for text in found})


def note(connection: Connection, info: CaseInfo) -> None:
    """Notes what a case asks; nothing where it has no data of its own."""
    if row := _derived(info):
        connection.execute(insert(questions).values(case_id=info.case_id, **row))


def findings(connection: Connection, page: Sequence[str]) -> Iterator[str]:
    """Yields a line on each of some cases whose row here is not what its info says; no event seals these.

    An info that cannot be read is left to the walk, which compares it with its seal.
    """
    query = select(questions).where(questions.c.case_id.in_(page))
    there = {row["case_id"]: dict(row) for row in connection.execute(query).mappings()}
    of_page = select(cases.c.case_id, cases.c.info).where(cases.c.case_id.in_(page))
    said = {row.case_id: row.info for row in connection.execute(of_page)}
    for case_id in sorted(said.keys() | there.keys()):
        try:
            wanted = _derived(CaseInfo.model_validate_json(said[case_id])) if case_id in said else None
        except ValueError:
            continue
        if there.get(case_id) != (wanted and {"case_id": case_id, **wanted}):
            got = "none" if case_id not in there else "another" if wanted else "one"
            expected = "the question and data that its row in cases says" if wanted else "none"
            yield f"the row questions {case_id}: expected {expected}, got {got}"


def _derived(info: CaseInfo) -> Mapping[str, Any] | None:
    if not info.data_digest:
        return None
    return {"data": info.data_digest, "question": text_json(info.question.to_json())}
