"""Replays a case from its record, and fails where anything comes out otherwise."""

from typing import cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from escalation.replay.report import Replay
from escalation.text.visible import visible
from escalation.text.wording import counted
from flows.artifacts import key, show_table
from records.replaying import replayed


@flow(persist_result=False)
def replay(case_id: str, recompute: bool = False) -> Replay:
    """Drives the ladder of a case again from its record; the run fails where anything comes out otherwise.

    Args:
        case_id: of a case that is over.
        recompute: whether classical, AI and simulated work is run again; nothing that is paid for ever is.

    Returns:
        What was compared, with every difference.
    """
    report = replayed(case_id, recompute=recompute, told=get_run_logger().info)
    lines = {
        "other than recorded": report.surroundings,
        "not run again": report.not_run_again,
        "not to the bit": report.stated,
        "LEDGER": filter(None, [report.ledger]),
    }
    for said, each in ((said, each) for said, found in lines.items() for each in found):
        get_run_logger().warning("%s: %s", said, visible(each))
    if report.differences:
        _show(report)
    state: State[Replay] = (
        Completed(message=report.said, data=report) if report.same else Failed(message=report.said)
    )
    return cast(Replay, state)


def _show(report: Replay) -> None:
    """The differences as a table, the first of which is the cause."""
    rows = [{name: str(value) for name, value in each.to_json().items()} for each in report.differences]
    what = f"{counted(len(rows), 'difference', 'differences')}; the first is the cause."
    show_table(rows, key("replay", "differences"), what)
