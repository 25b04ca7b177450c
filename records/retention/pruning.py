"""Carries a pruning out: it is said in the chains of the cases first, then the bytes go.

A process that is killed in between leaves events that name bytes which are still there: the next pruning
takes those away. Nothing else than events says what is to go, so it does not matter where it was killed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from escalation.inputs.home import private_home
from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput, CaseConflict, CorruptRecord
from escalation.model.pruned import PrunedFile
from escalation.ports.store import AuditedStore
from records.ledger.ledger import SqlLedger
from records.ledger.locking import file_lock
from records.retention.copies import remove_copies
from records.retention.plan import SETTLED_S, PruningPlan, kept_because, left_over, owed_bytes, plan
from records.retention.rule import Retention
from records.runtime import open_records
from records.store.belonging import check_alone

LOCK = ".prune.lock"


@dataclass
class Pruned:
    """What a pruning did.

    Attributes:
        plan: what it was to do.
        cases: in whose chains it was said that files are given up.
        files: taken from the store.
        size: of them, in bytes.
        notes: a line on each thing that did not go as planned.
    """

    plan: PruningPlan
    cases: int = 0
    files: int = 0
    size: int = 0
    notes: list[str] = field(default_factory=list)


def prune(
    ledger: SqlLedger,
    store: AuditedStore,
    retention: Retention,
    *,
    by: str,
    say: Callable[[str], None] = lambda _: None,
) -> Pruned:
    """Gives up what the plan says.

    Args:
        ledger: is told first.
        store: of this ledger alone.
        retention: the periods.
        by: who says so.
        say: is told how far it is.

    Raises:
        BadInput: when another ledger uses the store.
        CorruptRecord: when the ledger is not as it was sealed or lacks what was signed: nothing is given up.
    """
    check_alone(ledger, store)
    say("checking the ledger")
    check_sound(ledger)
    done = Pruned(plan(ledger.named_bytes(), store, retention))
    for case in done.plan.going:
        say(f"case {case.case_id}")
        files = list(_undamaged(store, case.files, done.notes))
        try:
            done.cases += bool(ledger.prune(case.case_id, files, case.rule, by))
        except CaseConflict as error:  # somebody put a legal hold on it, or took it up, meanwhile
            done.notes.append(str(error))
    ledger.make_checkpoint()  # signed, where the site has a key, before anything goes
    _remove(ledger, store, retention, done, say)
    return done


def check_sound(ledger: SqlLedger) -> None:
    """Refuses a ledger that cannot say what is owed to whom.

    Raises:
        CorruptRecord: with the first finding.
    """
    for finding in (*ledger.findings(), *filter(None, [ledger.lacking()])):
        raise CorruptRecord(f"{finding}; nothing is pruned by this ledger: see `tierwise ledger check`")


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Lets one pruning run in a home; raises `BadInput` where one does."""
    try:
        with file_lock(home / LOCK, wait=False):
            yield
    except BlockingIOError:
        raise BadInput("a pruning is under way in this home: wait for its end") from None


def _undamaged(store: AuditedStore, files: Sequence[PrunedFile], notes: list[str]) -> Iterator[PrunedFile]:
    """The files whose bytes are what their names say; of another it is said, and it stays."""
    for file in files:
        try:
            store.audit(file.sha256)
        except CorruptRecord as error:
            notes.append(f"kept: {error}")
        else:
            yield file


def _remove(
    ledger: SqlLedger, store: AuditedStore, retention: Retention, done: Pruned, say: Callable[[str], None]
) -> None:
    """Takes away what cases say was given up and nobody is owed, as the ledger is now."""
    say("0 files")
    named = ledger.named_bytes()
    owed = owed_bytes(named, kept_because(named, retention))
    for digest, size in left_over(named, store, owed):
        if store.remove(digest, named.now_s - SETTLED_S):
            done.files, done.size = done.files + 1, done.size + size
            say(f"{done.files} files")


def check_home(settings: Settings) -> None:
    """Refuses the home's own store where the home has a ledger of its own beside the one that is stated.

    That one may have used the store before users were noted there.

    Raises:
        BadInput: in one line.
    """
    own = settings.home / "ledger.db"
    if settings.store_url is None and settings.ledger != f"sqlite:///{own}" and own.exists():
        raise BadInput(
            f"expected a store of this ledger alone, got that of {settings.home}, which has a ledger.db of "
            "its own: nobody can tell from here which bytes that one still needs; move it away where nobody "
            "uses it any more, or give each ledger a home of its own"
        )


def prune_site(
    settings: Settings, retention: Retention, *, by: str, say: Callable[[str], None] = lambda _: None
) -> Pruned:
    """Prunes the records of a site, and then the copies of what goes in this home and in MLflow.

    Raises:
        BadInput: when a pruning is under way here, or another ledger uses the store.
        CorruptRecord: as `prune` does.
        MachineFault: when a store elsewhere cannot be reached.
    """
    check_home(settings)
    with private_home(settings.home), alone(settings.home), open_records(settings) as (ledger, store):
        done = prune(ledger, store, retention, by=by, say=say)
        say("copies")
        done.notes.extend(remove_copies(ledger, settings))
        return done


def plan_site(settings: Settings, retention: Retention) -> PruningPlan:
    """What `prune_site` would give up; nothing is written. Raises as it does but for the lock."""
    check_home(settings)
    with open_records(settings) as (ledger, store):
        check_alone(ledger, store)
        return plan(ledger.named_bytes(), store, retention)
