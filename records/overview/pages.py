"""An overview as a Markdown page and as an HTML file that needs nothing else."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from escalation.text.visible import markdown, prose, visible
from records.overview.numbers import Overview
from records.overview.sections import OverviewSection, sections, summary, title_of


def markdown_page(overview: Overview) -> str:
    """The page for Prefect, and for whoever keeps text."""
    parts = [f"# {title_of(overview)}", f"**{markdown(summary(overview))}**"]
    for each in sections(overview):
        parts += [f"## {each.title}", *(prose(line) for line in each.lines)]
        if each.header:
            parts.append(_table(each))
    return "\n\n".join(parts) + "\n"


def html_page(overview: Overview) -> bytes:
    """A file of its own, in UTF-8."""
    text = _template().render(
        title=title_of(overview), summary=summary(overview), sections=sections(overview), css=_css()
    )
    return visible(text, keep="\n\t").encode()


def _table(section: OverviewSection) -> str:
    marks = [("---" if place < section.words else "---:") for place in range(len(section.header))]
    rows = [section.header, marks, *section.rows]
    cells = [[each if row is marks else markdown(each) for each in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined).get_template(
        "overview.html.jinja"
    )


@cache
def _css() -> str:
    return (Path(__file__).parents[1] / "views" / "page" / "report.css").read_text(encoding="utf-8")
