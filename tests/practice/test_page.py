"""The page on practising says what there is."""

import json
from dataclasses import fields
from pathlib import Path

from practice import ALL, PracticeSettings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "practice-service.md").read_text(encoding="utf-8")


def test_the_page_lists_every_fault_with_what_happens_and_its_parameters() -> None:
    for fault in ALL:
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{fault.name}` |"))
        assert fault.summary in row
        assert [name for name in fault.defaults if f"`{name}`" not in row] == []
        assert ("Violates" in row) is (fault.violates is not None)


def test_the_page_lists_every_setting_with_its_default() -> None:
    known = PracticeSettings().to_json()
    for field in fields(PracticeSettings):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{field.name}` |"))
        assert json.loads(row.split("|")[2].strip().strip("`")) == known[field.name]
