"""The reports as pages: the newest cases, and the report of each as `tierwise report` writes it."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deployments.front.html import page
from escalation.model.case import CaseRecord
from escalation.model.cases_wanted import CasesWanted
from escalation.model.errors import BadInput, PrunedBytes, TierwiseError
from escalation.text.moments import moment
from escalation.text.visible import visible
from records import views
from records.runtime import open_records
from records.tracking.pages import StartResponse
from records.views.findings import with_findings
from records.views.kept import kept_report

MOST = 200
_PATH = re.compile(r"/([^/]{1,200})/?")
_BARE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_LIST = f"{_BARE}; style-src 'unsafe-inline'"
_STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
_STYLE += "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;"
_STYLE += "border-bottom:1px solid #8884;vertical-align:top}nav form{display:inline}nav{margin-bottom:1.5rem}"
_STYLE += ":root{color-scheme:light dark}"


def report_pages(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """A WSGI application below `/reports`."""
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return _sent(start_response, "405 Method Not Allowed", b"", _BARE)
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    if path == "":
        start_response("303 See Other", [("Location", "/reports/")])
        return []
    if path == "/":
        return _sent(start_response, "200 OK", _newest(environ.get("HTTP_X_TIERWISE_USER", "")), _LIST)
    found = _PATH.fullmatch(path)
    try:
        kept = _report(found[1]) if found else None
    except PrunedBytes as error:
        gone = page("No report any more", f"<p>{escape(visible(str(error)))}</p>", _STYLE)
        return _sent(start_response, "410 Gone", gone, _LIST)
    if kept is None:
        said = page(
            "No report", "<p>There is no report of that name. <a href='/reports/'>All reports</a></p>", _STYLE
        )
        return _sent(start_response, "404 Not Found", said, _LIST)
    return _sent(start_response, "200 OK", kept, report_policy())


def _report(case_id: str) -> bytes | None:
    """None also of a case that has none yet: who asks for a name learns nothing but that."""
    with open_records() as (ledger, store):
        try:
            kept = kept_report(store, ledger.case(case_id))
        except BadInput:
            return None
        return with_findings(kept, ledger.case_findings(case_id))


@cache
def report_policy() -> str:
    """Content security policy of a report: it runs our script, as nobody's page, and fetches nothing.

    An instance's words and a family's sections stand in it, so the page must not be able to use the API that
    has the same address (`sandbox`: an origin of its own).
    """
    script = (Path(views.__file__).parent / "page" / "report.js").read_text(encoding="utf-8").rstrip()
    digest = base64.b64encode(hashlib.sha256(f"\n{script}\n".encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "font-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "sandbox allow-scripts allow-modals"
    )


def _newest(who: str) -> bytes:
    with open_records() as (ledger, _):
        broken: list[str] = []
        records = ledger.cases(CasesWanted(limit=MOST), lambda *said: broken.append(str(said[-1])))
        rows = "".join(_rows(records))
    unread = "".join(f"<p role='alert'>{escape(visible(each))}</p>" for each in broken)
    table = "<table><tr><th>Opened<th>Case<th>State<th>Asked<th>Came to</tr>" + rows + "</table>"
    return page(
        "Reports",
        "<nav><a href='/'>Runs</a> · <b>Reports</b> · <a href='/mlflow/'>MLflow</a> · "
        f"signed in as {escape(visible(who))} <form method='post' action='/signout'><button>Sign out</button>"
        f"</form></nav>{unread}{table if rows else '<p>No case was opened yet.</p>'}",
        _STYLE,
    )


def _rows(records: Iterable[CaseRecord]) -> Iterator[str]:
    for record in records:
        try:
            outcome = record.read_outcome()
        except TierwiseError:
            outcome = None
        case_id, told = record.info.case_id, outcome.told if outcome else None
        name = escape(case_id)
        if outcome is not None and outcome.report is not None:
            name = f"<a href='/reports/{quote(case_id)}'>{name}</a>"
        asked = told.asked if told else f"{record.info.problem.family}: {record.info.asked}"
        answer = told.answer if told else ""
        cells = (moment(record.opened_at), None, str(record.status), asked, answer)
        yield "<tr>" + "".join(f"<td>{name if c is None else escape(visible(c))}" for c in cells) + "</tr>"


def _sent(start_response: StartResponse, status: str, body: bytes, policy: str) -> Iterable[bytes]:
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
    headers += [("Content-Security-Policy", policy), ("Cache-Control", "no-store")]
    start_response(status, headers)
    return [body]
