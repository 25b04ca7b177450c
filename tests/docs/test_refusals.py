"""The refusals that the page on tables lists are those that the code makes, word for word."""

import re

import pytest

from escalation.settings import ROOT

PAGE = ROOT / "docs" / "how-to" / "bring-your-own-table.md"
PLACEHOLDER = re.compile(r"\b(?:ROLE|NAME|[NM])\b|…|\blist\b$")


def listed() -> list[str]:
    """The texts in the first column of the table of refusals."""
    table = PAGE.read_text(encoding="utf-8").partition("## Refusals")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return [text for row in rows for text in re.findall(r"`([^`]+)`", row)]


def messages() -> str:
    """The family's source and what it reads problem files with, strings that run over lines joined."""
    files = [*(ROOT / "problems" / "classification").glob("*.py"), ROOT / "escalation" / "validation.py"]
    source = "\n".join(file.read_text(encoding="utf-8") for file in sorted(files))
    return re.sub(r"\"\s*\n\s*f?\"", "", source)


@pytest.mark.parametrize("text", listed())
def test_a_listed_refusal_is_one_of_the_code(text: str) -> None:
    pieces = [piece.strip(" :,") for piece in PLACEHOLDER.split(text)]
    source = messages()
    missing = [piece for piece in pieces if piece and piece not in source]
    assert not missing, f"no message says {missing}"


def test_many_refusals_are_listed() -> None:
    assert len(listed()) > 30
