"""`tierwise export`."""

from pathlib import Path

from cli.terminal import plain, terminal
from escalation.inputs.user_files import shown
from escalation.ports.configuration import settings
from escalation.text.wording import counted
from records.export.exporting import export
from records.runtime import open_records


def export_case(case_id: str, target: Path) -> None:
    """Writes the export of a case, and says what is in it.

    Raises:
        BadInput: when there is no such case, no key, or something at the target.
        CorruptRecord: when the records are damaged.
    """
    with open_records() as (ledger, store):
        made = export(ledger, store, settings(), case_id, target)
    console = terminal()
    held = counted(len(made.named), "file", "files")
    console.print(plain(f"{shown(target)}: case {case_id}, {held} of the store"), soft_wrap=True)
    if made.withheld:
        allowed = ", ".join(settings().data_may_leave) or "none"
        console.print(
            plain(
                f"Its data are withheld, their digests are there: {made.data_class} data "
                f"may not leave the site (TIERWISE_DATA_MAY_LEAVE: {allowed})."
            ),
            soft_wrap=True,
        )
