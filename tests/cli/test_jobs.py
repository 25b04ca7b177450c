"""`tierwise jobs`: what is shown of submissions, and what a person may do with them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from escalation.model.submission_states import SubmissionState as S

Make = Callable[..., Any]
Call = Callable[..., Any]


def parked(desk: Make) -> Any:
    """A submission whose POST was lost and whose listing is not to be had; the service is well again."""
    made = desk()
    made.service.faults = {"send": ["before"], "find": ["down"]}
    assert "parked" in made.run()
    made.service.faults = {}
    return made


def test_a_ledger_without_submissions_says_so(call: Call) -> None:
    said = call("jobs")
    assert (said.code, said.out.count("\n")) == (0, 1)
    assert "tierwise jobs --all" in said.out


def test_one_that_is_over_is_shown_with_all_and_with_its_bill(desk: Make, call: Call) -> None:
    made = desk()
    made.run()
    assert "c/0/0" not in call("jobs").out
    said = call("jobs", "--all").out
    # the model estimates 2 s, caps at 4 s and charges 3 s, at 1.6 USD a second
    for part in ("c/0/0 done", "model, job job-0", made.row.tag):
        assert part in said
    assert "estimate 2.0 s, 3.20 USD (a lower bound), cap 4.0 s, 6.40 USD, charged 3.0 s, 4.80 USD" in said


def test_json_is_one_object_a_submission(desk: Make, call: Call) -> None:
    made = parked(desk)
    (line,) = call("jobs", "--json").out.splitlines()
    found = json.loads(line)
    assert (found["id"], found["state"], found["tag"], found["charged"]) == (
        "c/0/0",
        "parked",
        made.row.tag,
        None,
    )
    assert found["age_s"] >= found["in_state_s"] >= 0


def test_a_parked_one_is_shown_with_its_reason(desk: Make, call: Call) -> None:
    parked(desk)
    said = call("jobs").out
    assert "c/0/0 parked" in said
    assert "because: find: connection reset" in said


def test_adopt_asks_the_service_and_takes_the_job(desk: Make, call: Call) -> None:
    made = parked(desk)
    job = made.service.accept([made.row.tag], made.row.batch)
    said = call("jobs", "adopt", "c/0", job.job_id)
    assert (said.code, made.row.state, made.row.job_id) == (0, S.SUBMITTED, job.job_id)
    assert "tierwise reconcile" in said.out


def test_a_job_of_somebody_else_is_refused_in_one_line(desk: Make, call: Call) -> None:
    made = parked(desk)
    other = made.service.accept(["tierwise-other"], "batch-9")
    said = call("jobs", "adopt", "c", other.job_id)
    assert (said.code, said.err.count("\n"), made.row.state) == (2, 1, S.PARKED)
    assert made.row.tag in said.err


def test_look_gives_it_back_and_park_takes_it_out(desk: Make, call: Call) -> None:
    made = parked(desk)
    codes = []
    for verb, name in (("look", made.row.tag), ("park", "c/0/0")):
        codes.append((call("jobs", verb, name).code, str(made.row.state)))
    assert codes == [(0, "doubted"), (0, "parked")]


def test_cancel_of_a_parked_one_stops_its_job_and_says_what_stays_reserved(desk: Make, call: Call) -> None:
    made = parked(desk)
    made.service.accept([made.row.tag], made.row.batch)
    said = call("jobs", "cancel", "c/0/0")
    assert (said.code, made.row.state, made.service.paid) == (0, S.CANCELLED, [])
    assert "stays reserved" in said.out


def test_cancel_of_one_that_a_driver_looks_after_leaves_it_to_the_driver(desk: Make, call: Call) -> None:
    made = desk(asks=True)
    made.run()
    said = call("jobs", "cancel", "c/0/0")
    assert (said.code, made.row.state, made.row.cancel_wanted) == (0, S.ASKED, True)
    made.run()
    assert (made.row.state, made.service.jobs) == (S.CANCELLED, {})


def test_the_books_of_given_up_work_are_closed_by_what_a_person_read_off_the_bill(
    desk: Make, call: Call
) -> None:
    made = parked(desk)
    call("jobs", "cancel", "c")
    assert "charge not final" in call("jobs", "--all").out
    assert call("jobs", "bill", "c", "--qpu-s", "nan", "--usd", "1").code == 2
    assert call("jobs", "bill", "c", "--qpu-s", "2", "--usd", "3.2").code == 0
    assert "charged 2.0 s, 3.20 USD" in call("jobs", "--all").out
    assert made.row.state is S.CANCELLED


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("cancel", "nope"), "no submission 'nope'"),
        (("cancel", "c/0/0"), "nothing to cancel"),
        (("park", "c/0/0"), "expected it submitted or doubted, got done"),
        (("look", "c/0/0"), "expected it parked, got done"),
        (("adopt", "c/0/0", "job-0"), "expected it parked, got done"),
    ],
)
def test_what_is_not_possible_is_one_line_and_exit_2(
    desk: Make, call: Call, args: tuple[str, ...], message: str
) -> None:
    desk().run()
    said = call("jobs", *args)
    assert (said.code, said.err.count("\n"), said.out) == (2, 1, "")
    assert message in said.err


def test_a_backend_that_charges_nothing_has_no_jobs_to_adopt(call: Call) -> None:
    from cli.jobs import open_machine
    from escalation.model.errors import BadInput

    with pytest.raises(BadInput, match="expected a backend that charges"):
        open_machine("local")
