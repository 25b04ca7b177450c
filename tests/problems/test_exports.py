"""Every registered family's sample is solved, exported, verified, mutated, replayed: without a line by it."""

import pytest

from escalation.ports.registry import families
from escalation.testing.contract import ContractBroken
from records.testing import exports
from records.testing.exports import check_exports


@pytest.mark.parametrize("name", sorted(families()))
def test_the_export_of_a_familys_sample_holds_and_shows_every_mutation(name: str) -> None:
    check_exports(families()[name])


def test_a_change_that_is_not_found_breaks_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "mutated", lambda files, *_: ("nothing", files))
    with pytest.raises(ContractBroken, match="toy: not found: nothing"):
        check_exports(families()["toy"])
