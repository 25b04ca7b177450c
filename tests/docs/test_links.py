"""Links between pages resolve, to the heading; no page names a place of somebody's machine."""

import re
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:")
MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|work|tmp|mnt|scratch)\b")


def prose(page: Path) -> str:
    """A page without its code."""
    text = re.sub(r"^ *(`{3,}|~{3,}).*?^ *\1", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", lambda found: "x" * len(found[0]), text)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r"^ *(`{3,}|~{3,}).*?^ *\1", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        number = sum(
            each == slug or re.fullmatch(f"{re.escape(slug)}-\\d+", each) is not None for each in found
        )
        found.add(f"{slug}-{number}" if number else slug)
    return found


def broken(page: Path, target: str) -> str | None:
    """Says what is wrong with a link; None when nothing is, or when it leads to the web."""
    if OUTSIDE.match(target):
        return None
    file, _, anchor = target.partition("#")
    there = (page.parent / file).resolve() if file else page
    if not there.exists():
        return f"no such file {target}"
    if not there.is_relative_to(ROOT):
        return f"{target} leads out of the checkout"
    if anchor and anchor not in anchors(there):
        return f"{target}: the page has no such heading, but {', '.join(sorted(anchors(there)))}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_resolve(page: Path) -> None:
    wrong = [said for found in LINK.finditer(prose(page)) if (said := broken(page, found["target"]))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_names_no_place_of_a_machine(page: Path) -> None:
    assert MACHINE.search(page.read_text(encoding="utf-8")) is None


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / found["target"]).resolve() for found in LINK.finditer(prose(index))}
    pages = {*(ROOT / "docs").rglob("*.md")} - {index, ROOT / "docs/site/index.md"}
    assert pages <= linked, f"not in the index: {sorted(str(each) for each in pages - linked)}"


def test_a_broken_link_is_found() -> None:
    page = ROOT / "docs" / "README.md"
    assert broken(page, "no-such-page.md")
    assert broken(page, "README.md#no-such-heading")
    assert broken(page, "https://example.org/") is None
