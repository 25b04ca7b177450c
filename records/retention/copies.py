"""Copies of what was given up: reports and scratch files in a home, files of MLflow's runs.

They repeat what the store had, so nothing needs to be on record before they go.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from escalation.engine.runtime import scratch_of
from escalation.inputs.settings import Settings
from escalation.model.errors import first_line
from escalation.model.pruned import BytesOf
from escalation.text.addresses import without_password
from records.ledger.ledger import SqlLedger
from records.ledger.retention import CaseBytes
from records.tracking.places import tracking_place


def remove_copies(ledger: SqlLedger, settings: Settings) -> Iterator[str]:
    """Removes the copies of what the cases say was given up of them; a line on each that could not be."""
    pruned = {
        name: case for name, case in ledger.named_bytes().cases.items() if case.pruned and not case.hold
    }
    for path in _in_home(pruned.values(), settings, ledger.name()):
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError as error:
            yield f"cannot remove {path}: {error.strerror}"
    if pruned:
        yield from _in_mlflow(ledger, settings, frozenset(pruned))


def _in_home(pruned: Iterable[CaseBytes], settings: Settings, ledger: str) -> Iterator[Path]:
    for case in pruned:
        report = settings.home / "reports" / f"{case.case_id}.html"
        if any(case.named.get(each) is BytesOf.REPORT for each in case.pruned) and report.exists():
            yield report
        scratch = scratch_of(settings.scratch, ledger, case.case_id)  # of a process killed at the case's end
        if scratch.is_dir():
            yield scratch


def _in_mlflow(ledger: SqlLedger, settings: Settings, case_ids: frozenset[str]) -> Iterator[str]:
    from records.tracking.pruning import prune_runs

    place = tracking_place(settings)
    if place.file is not None and not place.file.exists():
        return
    try:
        prune_runs(place, ledger.name(), case_ids)
    except Exception as error:  # of many libraries, by whatever is between here and there
        said = without_password(first_line(error), place.uri)
        yield f"MLflow at {place.shown} keeps its files of pruned cases until the next pruning: {said}"
