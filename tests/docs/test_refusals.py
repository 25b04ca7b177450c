"""The refusals that the pages for users list are those that the code makes, word for word."""

import re

import pytest

from escalation.inputs.settings import ROOT

PAGES = {"bring-your-own-table.md": "prediction", "bring-your-own-clinic.md": "optimisation"}
PLACEHOLDER = re.compile(r"\b(?:ROLE|NAME|[NM])\b|…|\blist\b$")


def listed(page: str) -> list[str]:
    """The texts in the first column of the page's table of refusals."""
    whole = (ROOT / "docs" / "how-to" / page).read_text(encoding="utf-8")
    table = whole.partition("## Refusals")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [text for row in rows for text in re.findall(r"`([^`]+)`", row)]


def messages(family: str) -> str:
    """The family's source and what it reads problem files with, strings that run over lines joined."""
    shared = [
        ROOT / "escalation" / "inputs" / name for name in ("validation.py", "user_files.py", "document.py")
    ]
    files = [*(ROOT / "problems" / family).rglob("*.py"), *(ROOT / "toolbox").rglob("*.py"), *shared]
    source = "\n".join(file.read_text(encoding="utf-8") for file in sorted(files))
    return re.sub(r"\"\s*\n\s*f?\"", "", source)


@pytest.mark.parametrize(("page", "text"), [(page, text) for page in PAGES for text in listed(page)])
def test_a_listed_refusal_is_one_of_the_code(page: str, text: str) -> None:
    pieces = [piece.strip(" :,") for piece in PLACEHOLDER.split(text)]
    source = messages(PAGES[page])
    missing = [piece for piece in pieces if piece and piece not in source]
    assert not missing, f"no message says {missing}"


def test_many_refusals_are_listed() -> None:
    assert len(listed("bring-your-own-table.md")) > 30
    assert len(listed("bring-your-own-clinic.md")) > 20
