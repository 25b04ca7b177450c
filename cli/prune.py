"""`tierwise prune`: files of old cases that are given up, and cases that are kept by a legal hold."""

import json
import sys
from collections import Counter
from typing import Any

from rich.console import Console

from cli.approve import this_user
from cli.terminal import plain, terminal
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from escalation.text.pruning import amount, in_bytes
from escalation.text.wording import counted, first_of
from records.retention.plan import Going, PruningPlan
from records.retention.pruning import Pruned, plan_site, prune_site
from records.retention.rule import SETTING, Retention
from records.runtime import open_records

MOST_DAYS = 36525
MOST_WORDS = 500
SHOWN = 20


def prune_or_list(older_than: float | None, because: str, *, sure: bool, as_object: bool) -> int:
    """Lists what would be given up, or gives it up; returns 1 where something could not be, else 0.

    Args:
        older_than: days since the end of a case; None: what the site's setting says.
        because: for a legal hold alone.
        sure: whether to do it.
        as_object: whether to print one JSON object instead.

    Raises:
        BadInput: when no period is stated at all, a number is none, or another ledger uses the store.
        CorruptRecord: when the ledger is not as it was sealed.
    """
    if because:
        raise BadInput("--because: expected with --hold or --release; the rule is what a pruning rests on")
    retention = _retention(older_than)
    if not sure:
        planned = plan_site(settings(), retention)
        _print(planned, None, as_object=as_object)
        return 0
    by = this_user("prune")[1]
    with terminal(stderr=True).status("pruning") as status:
        done = prune_site(settings(), retention, by=by, say=lambda said: status.update(f"pruning: {said}"))
    _print(done.plan, done, as_object=as_object)
    return 1 if done.notes else 0


def set_hold(hold: str | None, release: str | None, because: str, *, also: bool) -> None:
    """Puts a legal hold on a case, or takes it away, and says so.

    Raises:
        BadInput: when it is not one of both alone, without a reason, or there is no such case.
        CaseConflict: when there is one already, or none.
    """
    if also or (hold is not None and release is not None):
        raise BadInput("expected --hold or --release alone: a pruning is a command of its own")
    if not because.strip() or len(because) > MOST_WORDS:
        raise BadInput(f"--because: expected why, in at most {MOST_WORDS} characters; it goes on record")
    by = this_user("prune")[1]
    with open_records() as (ledger, _):
        if hold is not None:
            ledger.hold(hold, because.strip(), by)
            line = f"case {hold} is under a legal hold: nothing of it is given up until it is released"
        else:
            assert release is not None
            ledger.release(release, because.strip(), by)
            line = f"case {release} is not under a legal hold any more"
    terminal().print(plain(line), soft_wrap=True)


def _retention(older_than: float | None) -> Retention:
    stated = settings().retention_days
    if older_than is not None and not 0 < older_than <= MOST_DAYS:
        raise BadInput(
            f"--older-than: expected days, more than 0 and at most {MOST_DAYS}, got {older_than:g}"
        )
    if older_than is None and not stated:
        raise BadInput(
            f"expected for how long cases are kept: set {SETTING} (such as 3653, or public=365, "
            "identifiable=2192), or give --older-than DAYS; without, nothing is ever pruned"
        )
    return Retention(stated, older_than)


def _print(planned: PruningPlan, done: Pruned | None, *, as_object: bool) -> None:
    if as_object:
        sys.stdout.write(json.dumps(_object(planned, done)) + "\n")
        return
    _show(terminal(), planned, done)


def _object(planned: PruningPlan, done: Pruned | None) -> dict[str, Any]:
    sizes = planned.sizes
    return {
        "done": done is not None,
        "cases": [
            {
                "case": each.case_id,
                "ended_at": each.ended_at,
                "rule": each.rule,
                "files": [file.to_json() for file in each.files],
            }
            for each in planned.going
        ],
        "files": len(sizes) if done is None else done.files,
        "bytes": sum(sizes.values()) if done is None else done.size,
        "left_of_earlier": len(planned.left),
        "kept": dict(planned.kept),
        "files_that_stay": dict(planned.stays),
        "notes": [] if done is None else done.notes,
    }


def _show(console: Console, planned: PruningPlan, done: Pruned | None) -> None:
    def lines(found: list[str], what: str) -> None:
        for line in first_of(found, what, SHOWN):
            console.print(plain(line), soft_wrap=True)

    lines([_going(each) for each in planned.going], "cases")
    if planned.left:
        size = in_bytes(sum(size for _, size in planned.left))
        lines([f"left of an earlier pruning: {counted(len(planned.left), 'file', 'files')} ({size})"], "")
    lines([f"kept: case {name}: {why}" for name, why in planned.kept.items()], "cases that are kept")
    lines([f"stays: {counted(n, 'file', 'files')} {why}" for why, n in planned.stays.items()], "")
    lines([] if done is None else done.notes, "notes")
    sizes = planned.sizes
    if done is None:
        would = f"{counted(len(sizes), 'file', 'files')} ({in_bytes(sum(sizes.values()))}) would be given up"
        console.print(plain(f"{would}; --yes does it" if sizes else would), soft_wrap=True)
    else:
        gone = f"{counted(done.files, 'file', 'files')} ({in_bytes(done.size)}) were given up"
        console.print(plain(f"{gone}, of {counted(done.cases, 'case', 'cases')}"), soft_wrap=True)


def _going(each: Going) -> str:
    kinds = Counter(str(file.of) for file in each.files)
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    return f"case {each.case_id}, ended {each.ended_at[:10]}: {amount(each.files)}: {said}; {each.rule}"
