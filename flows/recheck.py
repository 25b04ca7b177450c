"""Verifies a sample of ended cases again, every night, and fails where one does not come out as recorded."""

from typing import Annotated, cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from pydantic import Field

from escalation.text.moments import moment
from escalation.text.visible import markdown, visible
from escalation.text.wording import sentence
from flows.artifacts import show_table
from records.recheck.report import CheckedCase, Rechecked
from records.recheck.sample import MINUTES, MINUTES_A_CASE, SIZE
from records.recheck.sample import recheck as recheck_sample

Size = Annotated[int, Field(ge=1, le=10_000, title="Cases", description="How many at most, each night.")]
Minutes = Annotated[
    float, Field(gt=0, le=1440, title="Minutes", description="After these no further case is begun.")
]
MinutesACase = Annotated[
    float, Field(gt=0, le=1440, title="Minutes a case", description="After these a case is left for later.")
]


@flow(persist_result=False)
def recheck(
    size: Size = SIZE, minutes: Minutes = MINUTES, minutes_a_case: MinutesACase = MINUTES_A_CASE
) -> Rechecked:
    """Drives the ladder of some ended cases from their records, and verifies every certificate again.

    Nothing is run, sent or paid for. Half of the cases are those that waited longest, so that none waits for
    ever; half are drawn at random, by the date. The run fails where a case comes out otherwise than recorded.

    Args:
        size: how many cases at most.
        minutes: after which no further case is begun.
        minutes_a_case: after which one is left for later.

    Returns:
        What was verified, and what came of it.
    """
    made = recheck_sample(size, minutes, minutes_a_case, told=get_run_logger().info)
    for each in made.different:
        get_run_logger().error("%s: %s; look with `%s`", each.case_id, visible(each.why), each.to_do)
    for each in made.unclear:
        get_run_logger().warning("%s %s: %s", each.case_id, each.result, visible(each.why))
    show_table(
        [_row(each) for each in made.checked], "recheck", markdown(f"{sentence(made.said)}. {made.promise}")
    )
    return cast(Rechecked, _state(made))


def _state(made: Rechecked) -> State[Rechecked]:
    said = visible(made.said)
    if made.different:
        return Failed(message=said)
    name = "Incomplete" if made.unclear or made.left else None
    return Completed(name=name, message=said, data=made)


def _row(each: CheckedCase) -> dict[str, str]:
    return {
        "case": each.case_id,
        "family": each.family,
        "came out": str(each.result),
        "certificates verified": str(each.certificates),
        "why": each.why,
        "ended or last tried": moment(each.waited_since),
        "took": f"{each.seconds:.1f} s",
        "to look": each.to_do,
    }
