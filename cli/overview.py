"""`tierwise overview`: what a site did in a time, beside as long a time before."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.files import write_files
from cli.terminal import plain, show_table, terminal
from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput
from records.overview.pages import html_page, markdown_page
from records.overview.sections import sections, summary, title_of
from tasks.overview import site_overview

_FORMS = (".html", ".md")


def show_overview(since: datetime | None, weeks: int | None, out: Path | None, *, as_json: bool) -> None:
    """Prints the overview, or writes it as a file.

    Args:
        since: from when on, until now.
        weeks: in place of that, how many weeks until now; one where neither is given.
        out: the file to make, as HTML or Markdown by its ending.
        as_json: whether to print the numbers as one object instead.

    Raises:
        BadInput: when both times are given, the file's ending is another, or it is there already.
    """
    if since is not None and weeks is not None:
        raise BadInput("expected --since or --weeks, got both")
    if out is not None and out.suffix.lower() not in _FORMS:
        raise BadInput(f"{shown(out)}: expected a name that ends in {' or '.join(_FORMS)}")
    now = datetime.now(UTC)
    found = site_overview(since or now - timedelta(weeks=weeks or 1), now)
    if out is not None:
        as_html = out.suffix.lower() == ".html"
        page = html_page(found) if as_html else markdown_page(found).encode()
        written = write_files("", {out.name: page}, out.parent, "file")
    if as_json:
        sys.stdout.write(json.dumps(found.to_json()) + "\n")
        return
    console = terminal()
    if out is not None:
        console.print(plain("\n".join(written)), soft_wrap=True)
        return
    console.print(f"[bold]{plain(title_of(found))}[/]\n{plain(summary(found))}", soft_wrap=True)
    for each in sections(found):
        console.print(f"\n[bold]{each.title}[/]")
        for line in each.lines:
            console.print(plain(line), soft_wrap=True)
        if each.header:
            show_table(console, each.header, each.rows)
