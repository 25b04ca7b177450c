"""Every registered family's sample is solved, exported, verified, mutated, replayed: without a line by it."""

import pytest

from escalation.ports.families import Section
from escalation.ports.registry import families
from escalation.testing.contract import ContractBroken
from problems.toy.family import Toy
from records.testing import exports
from records.testing.exports import check_exports


@pytest.mark.parametrize("name", sorted(families()))
def test_the_export_of_a_familys_sample_holds_and_shows_every_mutation(name: str) -> None:
    check_exports(families()[name])


def test_a_change_that_is_not_found_breaks_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "mutated", lambda files, *_: ("nothing", files))
    with pytest.raises(ContractBroken, match="toy: not found: nothing"):
        check_exports(families()["toy"])


def test_a_report_that_not_everybody_can_read_breaks_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    pale = Section("Numbers", "<h6>too deep</h6>")
    monkeypatch.setattr(Toy, "report", lambda *_: (pale,))
    with pytest.raises(ContractBroken, match="toy: its report cannot be read by everybody: the heading"):
        check_exports(families()["toy"])
