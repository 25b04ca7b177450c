"""Verifies a sample of ended cases again from their records: nothing is run, sent or paid for."""

from collections.abc import Callable
from datetime import UTC, datetime

from escalation.model.clock import boottime_s
from escalation.model.errors import BadInput
from records.recheck.draw import draw, within_nights
from records.recheck.log import note_sample
from records.recheck.process import CheckingProcess, checking
from records.recheck.queue import waiting
from records.recheck.report import CheckedCase, Rechecked
from records.runtime import open_records

SIZE = 20
MINUTES = 60.0
MINUTES_A_CASE = 10.0


def recheck(
    size: int = SIZE,
    minutes: float = MINUTES,
    minutes_a_case: float = MINUTES_A_CASE,
    seed: str | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> Rechecked:
    """Draws a sample, drives each case's ladder from its record, and writes down what came of it.

    Args:
        size: how many cases at most.
        minutes: after which no further case is begun, and the one under way is left.
        minutes_a_case: after which one is left.
        seed: of the random half; None is today's date in UTC.
        told: is told each case, for who waits.

    Raises:
        BadInput: when the records cannot be opened, or a number is none.
        CorruptRecord: when the ledger's own list of samples cannot be read.
    """
    for name, value in (("size", size), ("minutes", minutes), ("minutes a case", minutes_a_case)):
        if not 0 < value < float("inf"):
            raise BadInput(f"{name}: expected a number above 0, got {value}")
    seed = seed or datetime.now(UTC).date().isoformat()
    with open_records() as (ledger, _):
        queue = waiting(ledger)
        waits_since = queue.since
        chosen = draw(waits_since, size, seed)
        wanted = [(each, ledger.case(each).info.problem.family, waits_since[each]) for each in chosen]
    made = Rechecked(
        seed=seed,
        size=size,
        ended=len(waits_since),
        nights=within_nights(len(waits_since), size),
        pruned=len(queue.pruned),
    )
    until_s, done = boottime_s() + 60 * minutes, list[CheckedCase]()
    with checking() as process:
        for place, each in enumerate(wanted):
            left_s = until_s - boottime_s()
            if left_s <= 0:
                break
            told(f"{place + 1} of {len(wanted)}: case {each[0]}")
            done.append(_checked(process, *each, min(left_s, 60 * minutes_a_case)))
    made = made.model_copy(update={"checked": tuple(done), "left": chosen[len(done) :]})
    if chosen:
        with open_records() as (ledger, _):
            note_sample(ledger, made)
    return made


def _checked(process: CheckingProcess, case_id: str, family: str, since: str, most_s: float) -> CheckedCase:
    began_s = boottime_s()
    said = process.check(case_id, most_s)
    return CheckedCase(
        case_id=case_id, family=family, waited_since=since, seconds=boottime_s() - began_s, **said
    )
