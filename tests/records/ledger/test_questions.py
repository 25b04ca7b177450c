"""What was asked of the same data before: counted when a case is opened, and never again."""

from collections.abc import Callable

import pytest

from escalation.model.case import CaseInfo, CaseStatus
from escalation.model.problem import Problem, Target
from records.ledger.ledger import SqlLedger

Info = Callable[..., CaseInfo]
DATA = "d" * 64


def asked(make_info: Info, case_id: str, seed: int, at_least: float = 1, split: str = "") -> CaseInfo:
    target = Target(metric="m", at_least=at_least)
    problem = Problem(family="toy", instance={"name": "n"}, target=target, seed=seed)
    digest = f"{seed}{split}".rjust(64, "0")
    return make_info(case_id, problem=problem, instance_digest=digest, data_digest=DATA)


def remarks(ledger: SqlLedger, info: CaseInfo) -> tuple[str, ...]:
    return ledger.open_case(info).info.remarks


def test_other_questions_to_the_same_data_are_counted(ledger: SqlLedger, make_info: Info) -> None:
    assert remarks(ledger, asked(make_info, "first", 1)) == ()
    [once] = remarks(ledger, asked(make_info, "second", 2))
    assert once.startswith("the same data were asked once before in this ledger, with other seeds: the conf")
    [twice] = remarks(ledger, asked(make_info, "third", 2, at_least=0.5))
    assert "asked 2 times before in this ledger, with other seeds and other targets" in twice
    [split] = remarks(ledger, asked(make_info, "fourth", 2, split="a"))
    assert (
        "asked 3 times before in this ledger, with other seeds and other targets and other columns" in split
    )
    assert remarks(ledger, make_info("elsewhere", data_digest="e" * 64)) == ()
    assert remarks(ledger, make_info("untold")) == ()


def test_the_very_same_question_is_no_other_one(ledger: SqlLedger, make_info: Info) -> None:
    for case_id in ("first", "second", "third"):
        assert remarks(ledger, asked(make_info, case_id, 1)) == ()
    [told] = remarks(ledger, asked(make_info, "fourth", 2))
    assert "asked once before" in told  # one question, however often it was put


def test_what_was_counted_stays_as_it_was_when_the_case_is_taken_up_again(
    ledger: SqlLedger, make_info: Info
) -> None:
    info = asked(make_info, "first", 1)
    ledger.open_case(info)
    ledger.close_case("first", CaseStatus.INTERRUPTED, None)
    ledger.open_case(asked(make_info, "second", 2))
    assert ledger.open_case(info).info.remarks == ()
    assert ledger.case("second").info.asked_before.seeds == 1


ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@ON_SQLITE
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM questions WHERE case_id = 'first'", "expected the question and data that its row in"),
        ("UPDATE questions SET data = 'e' WHERE case_id = 'first'", "its row in cases says, got another"),
        (
            "UPDATE questions SET question = '{}' WHERE case_id = 'first'",
            "its row in cases says, got another",
        ),
        (
            "INSERT INTO questions VALUES ('untold', 'e', '{}')",
            "the row questions untold: expected none, got one",
        ),
    ],
)
def test_a_question_that_is_not_what_the_case_says_is_found(
    ledger: SqlLedger, sql: Callable[..., None], make_info: Info, change: str, said: str
) -> None:
    ledger.open_case(asked(make_info, "first", 1))
    ledger.open_case(make_info("untold"))
    assert ledger.findings() == ()
    sql(change)
    [found] = ledger.findings()
    assert said in found


@ON_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO lineage VALUES (1, 'another', 1.0, 1.0)",
        "INSERT INTO lineage SELECT 2, ledger, 1.0, 1.0 FROM lineage WHERE number = 0",
        "INSERT INTO lineage SELECT 1, ledger, 1.0, NULL FROM lineage WHERE number = 0",
        "DELETE FROM lineage",
    ],
)
def test_a_lineage_that_cannot_be_so_is_found(
    ledger: SqlLedger, sql: Callable[..., None], make_info: Info, change: str
) -> None:
    ledger.open_case(make_info("untold"))
    assert ledger.findings() == ()
    sql(change)
    assert all(line.startswith("lineage: ") for line in ledger.findings())
    assert ledger.findings()
