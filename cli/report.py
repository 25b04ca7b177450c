"""`tierwise report`: a case's report as a file, HTML or PDF."""

import os
import webbrowser
from datetime import datetime
from pathlib import Path

from cli.exported import say_source
from cli.files import write_files
from cli.terminal import plain, terminal
from cli.unsealed import say_unsealed
from escalation.inputs.user_files import shown
from escalation.model.case import CaseRecord
from escalation.model.errors import BadInput
from escalation.ports.configuration import settings
from records.named import export_named, records_of
from records.runtime import open_records
from records.views.findings import with_findings
from records.views.kept import kept_report

FORMS = (".html", ".pdf")
_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""One of these says that there is a browser; without, Python would take one that fills the terminal."""


def report_case(named: str, out: Path | None) -> int:
    """Says where the report is, or writes it to a new file; raises `BadInput` where there is none.

    Args:
        named: id of a case of this site; or the path of an export, which is verified first, and whose report
            has no place but that file.
        out: the file.

    Returns:
        The exit code: 1 where the record is not as it was sealed, which a file says at its top, else 0.
    """
    if out is not None and out.suffix.lower() not in FORMS:
        raise BadInput(f"{shown(out)}: expected a name that ends in .html or .pdf")
    export = export_named(named)
    if export is not None and out is None:
        raise BadInput(f"{shown(export.path)}: expected --out FILE, to write the report of an export to")
    with records_of(named, export) as (ledger, store, case_id):
        found = say_unsealed(ledger, case_id, whole=export is None)
        record = ledger.case(case_id)
        page = kept_report(store, record)
    if out is None:
        path = settings().home / "reports" / f"{case_id}.html"
        lines = [str(path)] if path.exists() else write_files(case_id, {path.name: page}, path.parent)
    else:
        marked = with_findings(page, found)
        data = marked if out.suffix.lower() == ".html" else _pdf(marked, record)
        lines = write_files(case_id, {out.name: data}, out.parent, "file")
    console = terminal()
    for line in lines:
        console.print(plain(line), soft_wrap=True)
    say_source(export)
    return 1 if found else 0


def open_report(case_id: str) -> int:
    """Shows the report in this desktop's browser, and says where it is; raises `BadInput` where none is.

    Returns:
        The exit code: 1 where the record is not as it was sealed, else 0.
    """
    with open_records() as (ledger, store):
        found = say_unsealed(ledger, case_id)
        path = _placed(case_id, kept_report(store, ledger.case(case_id)))
    if any(os.environ.get(name) for name in _DESKTOP):
        webbrowser.open(path.resolve().as_uri())
    terminal().print(plain(str(path)), soft_wrap=True)
    return 1 if found else 0


def _placed(case_id: str, page: bytes) -> Path:
    path = settings().home / "reports" / f"{case_id}.html"
    if not path.exists():
        write_files(case_id, {path.name: page}, path.parent)
    return path


def _pdf(page: bytes, record: CaseRecord) -> bytes:
    from records.views.pdf import as_pdf

    return as_pdf(page, datetime.fromisoformat(record.closed_at or record.opened_at))
