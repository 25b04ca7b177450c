"""`tierwise show`."""

import json
import sys
from pathlib import Path

from cli.exported import say_source, show_withheld
from cli.files import write_files
from cli.kept import kept_lines, say_kept
from cli.show import show_outcome
from cli.submissions import handed_off_in
from cli.terminal import terminal
from cli.unsealed import say_unsealed
from escalation.engine.reporting import with_report
from escalation.inputs.user_files import shown
from escalation.model.case import Outcome
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from escalation.ports.store import Store
from records.named import VerifiedExport, export_named, records_of
from records.outcomes import outcome_in
from records.runtime import open_records


def show_case(case_id: str, *, as_json: bool, files: Path | None = None) -> int:
    """Prints the outcome of a case as the ledger has it, in the way in which `tierwise solve` ends.

    The case is one of this site, by its id, or that of an export, by its path; that is verified first.

    Where files are asked for, they are written, and a line on each takes the place of the panel.

    Returns:
        The exit code: 1 where the record is not as it was sealed, else 0.

    Raises:
        BadInput: when there is no such case, or its files cannot be written.
    """
    export = export_named(case_id)
    if export is not None and export.payload.withheld:
        return _show_withheld(export, as_json=as_json, files=files)
    with records_of(case_id, export) as (ledger, store, case):
        unsealed = say_unsealed(ledger, case, whole=export is None)
        info, sent = ledger.case(case).info, handed_off_in(ledger, case)
        result = outcome_in(ledger, case)
        if export is None:
            result = with_report(result, store, settings().home)
        else:  # what is on the site that it came from cannot be opened here
            result = result.model_copy(update={"record": None, "mlflow_run_id": None})
        kept = kept_lines(ledger, case)
        lines = [] if files is None else _written(result, store, files)
    if as_json:
        sys.stdout.write(json.dumps(result.summary()) + "\n")
    elif files is None:
        show_outcome(terminal(), info, result, sent, named=case_id)
    for line in lines:
        (sys.stderr if as_json else sys.stdout).write(line + "\n")
    sys.stdout.flush()
    say_kept(kept, aside=as_json)
    say_source(export, aside=as_json)
    return 1 if unsealed else 0


def _show_withheld(export: VerifiedExport, *, as_json: bool, files: Path | None) -> int:
    if files is not None:
        raise BadInput(
            f"{shown(export.path)}: withholds the files of its answer, which may not leave their site"
        )
    if as_json:
        sys.stdout.write(json.dumps(export.payload.row["outcome"]) + "\n")
    else:
        show_withheld(export)
    return 0


def answer_files(result: Outcome, folder: Path) -> list[str]:
    """Writes the files of an answer out of the store; returns a line on each.

    Raises:
        BadInput: when there are none, or they cannot be written.
    """
    with open_records() as (_, store):
        return _written(result, store, folder)


def _written(result: Outcome, store: Store, folder: Path) -> list[str]:
    """Writes those that somebody came for first, with what each is, and then those that its verifier used."""
    words = result.told.files if result.told else {}
    names = [*(name for name in words if name in result.files), *sorted(result.files.keys() - words.keys())]
    files = {name: store.get(result.files[name]) for name in names}
    return write_files(result.case_id, files, folder, words=words)
