"""`tierwise backup` and `tierwise restore`: ledger and store, into a folder and back."""

from datetime import UTC, datetime
from pathlib import Path

from cli.terminal import plain, terminal
from escalation.inputs.home import private_home
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from escalation.text.wording import counted
from records.backup import back_up, restore
from records.runtime import head_signer
from records.store.opening import open_store


def back_up_records(folder: Path) -> None:
    """Adds a back-up to the folder; says what is in it.

    Raises:
        BadInput: when the folder cannot be used.
        CorruptRecord: when the records are damaged.
    """
    found = settings()
    if folder.resolve().is_relative_to(found.home.resolve()):
        raise BadInput(f"expected a folder outside of {found.home}, which is what is backed up, got {folder}")
    with private_home(found.home):
        made = back_up(found.ledger, open_store(found), folder)
    terminal().print(
        plain(
            f"{made.file}: {counted(made.events, 'event', 'events')}, "
            f"{counted(made.files, 'file', 'files')} of the store ({made.copied} new)"
        ),
        soft_wrap=True,
    )


def restore_records(folder: Path, name: str | None) -> int:
    """Puts a back-up into the ledger and the store that are configured; returns 1 where something is amiss.

    Raises:
        BadInput: when there is no such back-up, or a ledger is there already.
        CorruptRecord: when the back-up is damaged.
    """
    found, console = settings(), terminal()
    with private_home(found.home):
        made = restore(folder, name, found.ledger, open_store(found), signer=head_signer(found))
    taken = datetime.fromtimestamp(made.taken_at, UTC)
    console.print(
        plain(
            f"put back as of {taken:%Y-%m-%d %H:%M:%S} UTC: {counted(made.events, 'event', 'events')}, "
            f"{counted(made.files, 'file', 'files')} of the store; what happened after that is not in it"
        ),
        soft_wrap=True,
    )
    console.print(
        "Before paid work is sent, the service is asked whether it was sent since; `tierwise budget` does "
        "not know what was spent meanwhile: hold it against the service's own bill.",
        soft_wrap=True,
    )
    for line in made.findings:
        console.print(f"[red]{plain(line)}[/]", soft_wrap=True)
    return 1 if made.findings else 0
