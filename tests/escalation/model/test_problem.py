from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.engine.opening import parse_problem, prepare, read_problem
from escalation.model.amounts import Caps
from escalation.model.errors import BadInput
from escalation.model.problem import DataClass, Problem, Target, Tier
from problems.toy.instance import ToyInstance

amounts = st.none() | st.floats(min_value=0.001, max_value=1e6)
budgets = st.builds(Caps, wall_s=amounts, cpu_s=amounts, qpu_s=amounts, usd=amounts)

TEXT = """\
family: toy
instance: {numbers: [1, 2]}
target: {metric: number, at_least: 2}
budget: {wall_s: 120, usd: 0}
data_class: public
seed: 7
"""


@given(budgets, budgets, budgets)
def test_budgets_combine_by_minimum_whatever_the_order(a: Caps, b: Caps, c: Caps) -> None:
    assert a & b == b & a
    assert (a & b) & c == a & (b & c)
    assert a & a == a
    assert a & Caps() == a


@given(budgets, budgets)
def test_a_combined_budget_allows_no_more_than_either(a: Caps, b: Caps) -> None:
    for name in ("wall_s", "cpu_s", "qpu_s", "usd"):
        both = getattr(a & b, name)
        for one in (getattr(a, name), getattr(b, name)):
            assert one is None or both <= one


def test_a_problem_file_reads_like_the_readme(tmp_path: Path) -> None:
    path = tmp_path / "problem.yaml"
    path.write_text(TEXT)
    problem = read_problem(path)
    assert problem.target.limit == 2
    assert problem.target.alpha == pytest.approx(0.05)
    assert (problem.budget.wall_s, problem.budget.usd, problem.budget.cpu_s) == (120, 0, None)
    assert problem.data_class is DataClass.PUBLIC


def test_a_problem_keeps_its_identity_over_key_order(tmp_path: Path) -> None:
    path = tmp_path / "problem.yaml"
    path.write_text("\n".join(reversed(TEXT.splitlines())))
    one = read_problem(path)
    path.write_text(TEXT)
    assert one.digest == read_problem(path).digest


def test_data_are_identifiable_unless_said_otherwise() -> None:
    problem = Problem(family="toy", instance={}, target=Target(metric="number", at_least=1))
    assert problem.data_class is DataClass.IDENTIFIABLE


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (("wall_s: 120", "wall_s: 0"), 4, "budget.wall_s: expected more than 0, got 0"),
        (("usd: 0", "usd: -1"), 4, "budget.usd: expected at least 0, got -1"),
        (("usd: 0", "usd: true"), 4, "budget.usd: expected a number, got true"),
        (("at_least: 2", "at_least: false"), 3, "target.at_least: expected a number, got false"),
        (("seed: 7", "seeds: 7"), 6, "seeds: unknown field"),
        (("data_class: public", "data_class: open"), 5, "data_class: expected 'public'"),
        (("at_least: 2}", "at_least: 2, at_most: 3}"), 3, "target: expected exactly one of at_least"),
        (("seed: 7", "seed: 7\nseed: 8"), 7, "seed: written twice"),
        (("family: toy", "family: [toy"), 2, "expected YAML"),
        (("seed: 7", "seed: .nan"), 6, "seed:"),
    ],
)
def test_bad_problem_files_are_answered_with_file_line_and_field(
    tmp_path: Path, change: tuple[str, str], line: int, message: str
) -> None:
    path = tmp_path / "problem.yaml"
    path.write_text(TEXT.replace(*change))
    with pytest.raises(BadInput) as error:
        read_problem(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_empty_and_binary_files_are_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_problem(tmp_path / "none.yaml")
    (tmp_path / "empty.yaml").write_text("")
    with pytest.raises(BadInput, match="expected a mapping"):
        read_problem(tmp_path / "empty.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="line 1: expected UTF-8 text, got byte 0xff"):
        read_problem(tmp_path / "binary.yaml")


def test_problems_from_python_are_checked_alike() -> None:
    with pytest.raises(BadInput, match=r"problem: target: expected, but missing"):
        parse_problem({"family": "toy", "instance": {}})


@pytest.mark.parametrize(
    ("target", "value", "reached"),
    [
        (Target(metric="m", at_least=0.9), 0.9, True),
        (Target(metric="m", at_least=0.9), 0.89, False),
        (Target(metric="m", at_most=0.1), 0.1, True),
        (Target(metric="m", at_most=0.1), 0.11, False),
    ],
)
def test_a_target_has_one_side(target: Target, value: float, reached: bool) -> None:
    assert target.reached_by(value) is reached


def test_tiers_are_tried_in_order() -> None:
    assert sorted(Tier, key=lambda tier: tier.rank) == [Tier.HPC, Tier.AI, Tier.QUANTUM]


def test_data_that_is_no_problem_at_all_is_refused_in_one_line() -> None:
    with pytest.raises(BadInput, match=r"^problem: expected a mapping of names to values, got 'toy'$"):
        parse_problem("toy")


def test_a_case_keeps_in_words_what_it_is_about_however_long_its_names_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=2))
    info = prepare(problem).info
    assert (info.about, info.asked) == ("2 numbers", "number at least 2")
    monkeypatch.setattr(ToyInstance, "about", lambda self: "a\n\tb " + "long " * 100)
    about = prepare(problem).info.about
    assert about.startswith("a b long long ")
    assert (len(about), about[-1]) == (160, "…")


@pytest.mark.parametrize(
    ("stated", "shown"), [(1234567.0, "1234567"), (0.9712345, "0.9712345"), (10.0, "10"), (1e-7, "1e-07")]
)
def test_a_target_is_shown_with_every_digit_that_was_stated(stated: float, shown: str) -> None:
    target = Target(metric="cost", at_most=stated)
    assert target.in_words(sure=False) == f"cost at most {shown}"
