"""A report that is handed on says at its top what is wrong with the record that it was made from."""

from collections.abc import Sequence
from html import escape

from escalation.text.visible import visible

_BEGIN = b"<body>"


def with_findings(page: bytes, findings: Sequence[str]) -> bytes:
    """Returns the report with a banner; as it is where nothing was found.

    Args:
        page: HTML as `records.views.report.render` makes it.
        findings: what does not fit in the case's rows and events, a line each.
    """
    if not findings:
        return page
    said = "; ".join(escape(visible(finding)) for finding in findings)
    banner = f'\n<p class="failed" role="alert">The record of this case is not as it was sealed: {said}.</p>'
    return page.replace(_BEGIN, _BEGIN + banner.encode(), 1)
