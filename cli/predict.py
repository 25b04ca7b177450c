"""`tierwise predict`: an accepted answer applied to new rows."""

import csv
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cli.exported import say_source
from cli.files import write_files
from cli.terminal import plain, say_item, show_table, terminal
from cli.unsealed import say_unsealed
from escalation.model.attempt import Attempt, Candidate
from escalation.model.case import CaseRecord, CaseStatus, Outcome
from escalation.model.errors import BadInput
from escalation.ports.applying import Applied, SaidOfRow
from escalation.ports.registry import families, resolve
from escalation.text.wording import counted, listed
from records.named import export_named, records_of
from records.outcomes import outcome_in

SHOWN = 10
"""Rows that a terminal shows; a file has them all."""


def predict_rows(named: str, path: Path, out: Path | None, *, as_json: bool) -> int:
    """Applies the accepted answer of a case to the rows of a file.

    Args:
        named: id of a case of this site, or the path of an export, which is verified first.
        path: of the new rows.
        out: a new CSV file for all that is said; None: the terminal shows the first rows.
        as_json: print a JSON object a row, and nothing else.

    Returns:
        The exit code: 1 where the record is not as it was sealed, else 0.

    Raises:
        BadInput: when nothing was accepted, its family applies no answers, or the rows do not fit.
    """
    export = export_named(named)
    if export is not None and export.payload.withheld:
        raise BadInput(f"{named}: withholds its model, which may not leave its site")
    with records_of(named, export) as (ledger, _, case_id):
        unsealed = say_unsealed(ledger, case_id, whole=export is None)
        record, outcome = ledger.case(case_id), outcome_in(ledger, case_id)
        known = _required(record, outcome)
        candidate = _accepted(ledger.attempts(case_id), outcome)
    apply = resolve(families()[record.info.problem.family].apply)
    applied: Applied = apply(
        known, record.info.instance, candidate, path, Path.cwd(), certificate=outcome.certificate
    )
    if as_json:
        sys.stdout.writelines(json.dumps(asdict(row)) + "\n" for row in applied.rows)
    elif out is None:
        _show(applied)
    else:
        for line in write_files(case_id, {out.name: _csv(applied.rows)}, out.parent, "file"):
            terminal().print(plain(line), soft_wrap=True)
    _remark(applied, aside=as_json)
    say_source(export, aside=as_json)
    return 1 if unsealed else 0


def _required(record: CaseRecord, outcome: Outcome) -> dict[str, Any]:
    """The instance as stated; raises `BadInput` where there is nothing to apply."""
    problem = record.info.problem
    if not families()[problem.family].apply:
        raise BadInput(
            f"{record.info.case_id}: an answer of {problem.family} is about its own instance alone"
        )
    if outcome.status is not CaseStatus.ACCEPTED:
        raise BadInput(
            f"{record.info.case_id} is {outcome.status}: expected a case whose answer was accepted, since no "
            "other was proven to be worth what was asked"
        )
    return dict(problem.instance)


def _accepted(attempts: Sequence[tuple[Attempt, Candidate | None]], outcome: Outcome) -> Candidate:
    """The candidate that the outcome's certificate is about."""
    for attempt, candidate in reversed(attempts):
        if candidate is not None and attempt.certificate == outcome.certificate:
            return candidate
    raise BadInput(f"{outcome.case_id}: its accepted answer is not kept any more")


def _header(rows: Sequence[SaidOfRow]) -> list[str]:
    values = list(dict.fromkeys(name for row in rows for name in row.values))
    return ["row", *values, "unlike", "because"]


def _cells(row: SaidOfRow, header: Sequence[str]) -> list[str]:
    """A row's cells; numbers as short as they were rounded."""
    values = [row.values.get(name, "") for name in header[1:-2]]
    texts = [f"{value:.12g}" if isinstance(value, float) else str(value) for value in values]
    return [row.where, *texts, "; ".join(row.flags), "; ".join(row.reasons)]


def _inert(cell: str) -> str:
    """A text that no spreadsheet takes for a formula; numbers stay what they are."""
    try:
        float(cell)
    except ValueError:
        return f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell
    return cell


def _csv(rows: Sequence[SaidOfRow]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    header = _header(rows)
    writer.writerow(map(_inert, header))
    writer.writerows(map(_inert, _cells(row, header)) for row in rows)
    return text.getvalue().encode()


def _show(applied: Applied) -> None:
    console, rows = terminal(), applied.rows[:SHOWN]
    header = [name for name in _header(rows) if name not in applied.aside]
    show_table(console, header, [_cells(row, header) for row in rows], prose=True)
    if len(applied.rows) > SHOWN:
        more = counted(len(applied.rows) - SHOWN, "row more", "rows more")
        console.print(f"and {more}: --out FILE.csv writes them all", highlight=False)
    if applied.aside:
        named = listed(applied.aside, most=2)
        console.print(f"--out FILE.csv and --json have the {named} as well", highlight=False)


def _remark(applied: Applied, *, aside: bool) -> None:
    for line in applied.remarks:
        if aside:
            sys.stderr.write(f"{line}\n")
        else:
            say_item(terminal(), "[yellow]look at[/]", line, 0)
