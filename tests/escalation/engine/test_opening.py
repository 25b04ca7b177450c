"""A problem as plain data is the problem file, also where it names its policy."""

from pathlib import Path

import pytest

from escalation.engine.opening import choose_policy, parse_with_policy
from escalation.model.errors import BadInput

TOY = {"family": "toy", "instance": {"numbers": [3, 1]}, "target": {"metric": "number", "at_least": 2}}


def test_the_policy_that_plain_data_name_is_no_part_of_the_problem() -> None:
    problem, named = parse_with_policy({**TOY, "policy": "paid_work"})
    assert named == "paid_work"
    assert (problem, None) == parse_with_policy(TOY) == parse_with_policy(problem)
    with pytest.raises(BadInput, match="problem: polcy: unknown field"):
        parse_with_policy({**TOY, "polcy": "default"})


def test_the_policy_asked_for_wins_over_the_problems_own_and_a_file_beside_it_over_a_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.yaml").touch()
    assert choose_policy("asked", "mine.yaml", tmp_path) == "asked"
    assert choose_policy(None, "mine.yaml", tmp_path) == tmp_path / "mine.yaml"
    assert choose_policy(None, "rehearsal", tmp_path) == "rehearsal"
    assert choose_policy(None, None, tmp_path) == "default"
