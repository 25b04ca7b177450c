"""The audit of what is really kept: ledger, store and MLflow, each against the ledger's own word."""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from escalation.inputs.settings import Settings
from escalation.model.errors import CorruptRecord
from escalation.ports.configuration import settings as configured
from escalation.ports.store import AuditedStore
from escalation.text.wording import counted
from records.audit.histories import history_findings
from records.audit.tracked import tracked
from records.ledger.checkpoints import Checkpoint
from records.ledger.ledger import SqlLedger
from records.runtime import open_records
from records.tracking.places import TrackingPlace, tracking_place

if TYPE_CHECKING:
    from records.signing.keys import VerifyingKey

Say = Callable[[str], None]


class Audit(NamedTuple):
    """What was looked at, and a line for everything that does not fit."""

    events: int
    files: int
    hashed: int
    runs: int
    findings: tuple[str, ...]
    checkpoint: Checkpoint | None = None
    pruned: int = 0

    @property
    def said(self) -> str:
        """What was looked at, in a line."""
        kept = f"{self.events} events, {self.hashed} of {self.files} files hashed, {self.runs} MLflow runs"
        if self.pruned:
            kept += f", {counted(self.pruned, 'file', 'files')} pruned by the site's rules"
        at = self.checkpoint
        return (
            kept if at is None else f"{kept}, root {at.root} over {at.leaves} heads at checkpoint {at.number}"
        )


def audit(
    ledger: SqlLedger,
    store: AuditedStore,
    place: TrackingPlace | None = None,
    *,
    keys: Sequence["VerifyingKey"] = (),
    say: Say = lambda _: None,
) -> Audit:
    """Checks all that is kept.

    Args:
        ledger: chain, rows and history are checked.
        store: every file that the ledger names must be there; files are hashed, of a large store a
            random sample: what a case needs is compared with its digest whenever it is read.
        place: where MLflow is; None, and a file that is not there, is not looked at.
        keys: public halves of what heads were signed with, besides those that count in the home.
        say: is told, again and again, how far it is.
    """
    walked = ledger.walked(lambda events: say(f"{events} events"))
    say("MLflow")
    shown = tracked(ledger, place)
    say("signed heads")
    found = [*walked.findings, *ledger.head_findings(keys, shown.heads)]
    found = found or list(history_findings(ledger))  # of what is not as it was sealed, that is said
    checkpoint = None if found else ledger.make_checkpoint()  # what is wrong is not sealed
    named, files = ledger.digests(found.append), list(store.digests())
    missing = sorted(named.difference(files))
    found += [f"the store has no file {digest}, which the ledger names" for digest in missing]
    damaged, hashed = _hashed(store, files, say)
    found += [*damaged, *shown.findings, *ledger.guard_findings()]
    pruned, told = ledger.pruned_files(), tuple(dict.fromkeys(found))
    return Audit(walked.events, len(files), hashed, shown.runs, told, checkpoint, pruned)


def audit_site(
    settings: Settings | None = None, keys: Sequence["VerifyingKey"] = (), say: Say = lambda _: None
) -> Audit:
    """Checks all that a site keeps, its signed heads by its own key and by further ones.

    Raises:
        BadInput: when the records cannot be opened, or a setting is wrong.
        MachineFault: when a store elsewhere cannot be reached.
    """
    settings = settings or configured()
    with open_records(settings) as (ledger, store):
        return audit(ledger, store, tracking_place(settings), keys=keys, say=say)


def _hashed(store: AuditedStore, files: list[str], say: Say) -> tuple[list[str], int]:
    """Hashes the files in a random order until enough bytes were read; what is damaged, and how many were."""
    found, read, hashed = [], 0, 0
    for digest in random.sample(files, len(files)):
        if read >= store.audited_bytes:
            break
        try:
            read += store.audit(digest)
        except CorruptRecord as error:
            found.append(str(error))
        hashed += 1
        if hashed % 100 == 0:
            say(f"{hashed} of {len(files)} files")
    return found, hashed
