"""The reference names every target of the Makefile, and nothing else."""

import re

from escalation.inputs.settings import ROOT


def test_the_table_of_make_has_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text()
    assert phony is not None
    assert sorted(re.findall(r"^\| `make ([a-z-]+)` \|", page, re.MULTILINE)) == sorted(phony[1].split())
