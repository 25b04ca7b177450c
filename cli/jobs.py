"""`tierwise jobs`: submissions and their remote jobs, and what a person may do with them."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cli.submissions import as_json, show_submission
from cli.terminal import plain, terminal
from escalation.model.errors import BadInput
from escalation.model.submission import Submission
from escalation.model.submission_states import SubmissionState
from escalation.ports.configuration import settings
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.paid import PaidBackend
from escalation.ports.registry import backend_descriptor
from escalation.submission import person
from escalation.submission.paid_work import bills
from escalation.submission.person import Person
from escalation.text.rounding import rounded
from records.runtime import open_records


def list_jobs(*, everything: bool, as_lines: bool) -> None:
    """Prints the submissions that are not over, or all; as JSON one object a line."""
    with open_records() as (ledger, _):
        now = ledger.now_s()
        rows = [row for row in ledger.submissions() if everything or not row.state.final]
        billed = bills(ledger, rows)
    if as_lines:
        for row in rows:
            sys.stdout.write(json.dumps(as_json(row, billed.get(row.key), now)) + "\n")
        return
    console = terminal()
    for row in rows:
        show_submission(console, row, billed.get(row.key), now)
    if not rows:
        console.print(
            "no submissions yet"
            if everything
            else "no submission is open; all there were: tierwise jobs --all"
        )


def cancel(name: str) -> None:
    """Gives the work up."""
    with open_records() as (ledger, _), _backends() as open_backend:
        row = person.cancel(ledger, person.find(ledger, name), _me(ledger), open_backend)
    if row.state is SubmissionState.CANCELLED:
        _done(
            row,
            "given up; what was reserved for it stays reserved until `tierwise jobs bill`",
            *row.incidents,
        )
        return
    at_service = "its job is cancelled" if row.state.may_be_charged else "it ends"
    _done(row, f"told to stop: {at_service} by whoever drives the case, or by the next `tierwise reconcile`")


def adopt(name: str, job_id: str) -> None:
    """Takes a job for that of a parked submission, once the service said that it carries its tag."""
    with open_records() as (ledger, _), _backends() as open_backend:
        row = person.find(ledger, name)
        row = person.adopt(ledger, open_backend(row.backend), row, job_id, _me(ledger))
    _done(row, f"job {row.job_id} carries the tag {row.tag}, and is now the job of this submission", _ON)


def bill(name: str, qpu_s: float, usd: float) -> None:
    """Closes the books of work that was given up, or whose charge cannot be believed."""
    with open_records() as (ledger, _):
        row = person.bill(ledger, person.find(ledger, name), qpu_s, usd, _me(ledger))
    _done(row, f"{rounded(qpu_s)} s and {usd:.2f} USD are spent, nothing is reserved for it any more")


def park(name: str) -> None:
    """Takes a submission out of the machine's hands."""
    with open_records() as (ledger, _):
        row = person.park(ledger, person.find(ledger, name), _me(ledger))
    _done(row, "nobody touches it until `tierwise jobs look`, `adopt` or `cancel`; its job goes on")


def look(name: str) -> None:
    """Gives a parked submission back to the machine."""
    with open_records() as (ledger, _):
        row = person.look(ledger, person.find(ledger, name), _me(ledger))
    what = (
        f"job {row.job_id} is asked after again" if row.job_id else "it is looked for again, by tag and batch"
    )
    _done(row, what, _ON)


_ON = "`tierwise reconcile` goes on with it, and so does `tierwise solve … --case`"


def _done(row: Submission, *lines: str) -> None:
    console = terminal()
    console.print(f"[bold]{plain(str(row.key))}[/] is {row.state}")
    for line in lines:
        console.print(f"  {plain(line)}")


def _me(ledger: Ledger) -> Person:
    return Person(getpass.getuser(), ledger.now_s())


@contextmanager
def _backends() -> Iterator[person.Open]:
    """Opens backends by name when they are needed; closes them at the end."""
    with ExitStack() as opened:

        def start(spec: str) -> PaidBackend:
            machine = open_machine(spec)
            opened.callback(machine.close)
            return machine

        yield start


def open_machine(spec: str) -> PaidBackend:
    """Opens a backend that charges.

    Raises:
        BadInput: when it does not.
    """
    descriptor, device = backend_descriptor(spec)
    made = descriptor.open(settings(), device)
    if not isinstance(made, PaidBackend):
        made.close()
        raise BadInput(f"{spec}: expected a backend that charges, got one that has no remote jobs")
    return made
