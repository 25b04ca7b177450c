"""The page of words has every word of ours that a reader meets."""

import re
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT
from escalation.model.case import CaseStatus
from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Tier

PAGE = (ROOT / "docs/explanation/words.md").read_text(encoding="utf-8")
WORDS = {
    word.strip().lower()
    for row in re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE)
    for word in re.split(r"[,()]", row)
    if word.strip()
}
TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
COMMANDS = {"bold", "second terminal", "run", "submit"}
"""What is bold in the tutorial and no word of ours."""


@pytest.mark.parametrize("status", CaseStatus)
def test_every_end_of_a_case_is_explained(status: CaseStatus) -> None:
    assert str(status) in WORDS


@pytest.mark.parametrize("status", CertificateStatus)
def test_every_finding_of_a_verifier_is_explained(status: CertificateStatus) -> None:
    assert status.lower() in WORDS


def test_every_tier_is_explained() -> None:
    assert all(f"`{tier}`" in PAGE for tier in Tier)


def test_what_the_tutorial_explains_where_it_is_first_met_is_there() -> None:
    met = {each.lower() for each in re.findall(r"\*\*([^*]+)\*\*", TUTORIAL)} - COMMANDS
    assert len(met) > 8
    assert {each for each in met if each not in WORDS and each.removesuffix("s") not in WORDS} == set()


PAGES = sorted(page for folder in ("how-to", "explanation") for page in (ROOT / "docs" / folder).glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_leads_to_the_words_from_the_first_that_is_ours(page: Path) -> None:
    assert page.name == "words.md" or "words.md" in page.read_text(encoding="utf-8")
