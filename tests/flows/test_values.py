"""Whatever a form or Prefect's API is given for a value: it is taken for what it is, or told in one line."""

from typing import Any, NoReturn

import pytest

from escalation.model.errors import BadInput
from flows import any_form, batch, driver
from flows.any_form import AS_STATED
from flows.values import called

CONTROLS = ["\0", "a\0b", "\x1b[1m", "\ud800"]
NO_TEXTS = [{"$ne": 1}, ["a"], 5, True, float("inf")]
HUGE = "x" * 100_000
TOY: dict[str, Any] = {
    "family": "toy",
    "instance": {"numbers": [3, 1], "reach": 1},
    "target": {"metric": "number", "at_least": 3},
}
ONE = {"problem": TOY, "policy": AS_STATED, "case_id": "", "folder": "", "approval_wait_s": 5}
MANY: dict[str, Any] = {
    "problems": [TOY],
    "policy": AS_STATED,
    "name": "",
    "budget": {},
    "workers": 0,
    "processes": 0,
    "folder": "",
}


def raised(error: BadInput, _: Any) -> NoReturn:
    raise error


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Without a flow run: bad input is raised as it is."""
    monkeypatch.setenv("TIERWISE_HOME", str(tmp_path))
    monkeypatch.setattr(driver, "bad_input", raised)
    monkeypatch.setattr(batch, "bad_input", raised)


def one_line(form: Any, given: dict[str, Any]) -> str:
    """What is said of what was filled in."""
    with pytest.raises(BadInput) as refused:
        form(given)
    said = str(refused.value)
    assert said.isprintable()
    assert len(said) < 700
    return said


@pytest.mark.parametrize("name", ["policy", "case_id", "folder", "name"])
def test_a_text_is_one_line_of_a_bounded_length(name: str) -> None:
    forms = [(form, given) for form, given in ((any_form._one, ONE), (any_form._many, MANY)) if name in given]
    for form, given in forms:
        for bad in (*CONTROLS, *NO_TEXTS, HUGE):
            assert one_line(form, {**given, name: bad}).startswith(f"{name}: expected ")


def test_a_problem_is_told_of_in_one_line() -> None:
    for bad in (*CONTROLS, *NO_TEXTS, HUGE):
        assert one_line(any_form._one, {**ONE, "problem": bad}).startswith("problem: ")
        if bad != ["a"]:
            said = one_line(any_form._many, {**MANY, "problems": bad})
            assert said.startswith("problems: expected a list")
        if isinstance(bad, str):
            assert one_line(any_form._many, {**MANY, "problems": [bad]}).startswith("problem: expected ")
    assert "expected a problem file" in one_line(any_form._many, {**MANY, "problems": ["y" * 300]})
    assert "File name too long" in one_line(any_form._one, {**ONE, "problem": "y" * 300})


def test_an_earlier_case_is_told_of_in_one_line() -> None:
    for bad in (*CONTROLS, *NO_TEXTS, HUGE):
        said = one_line(any_form._one, {**ONE, "problem": {"case_id": bad}})
        assert said.startswith("case_id: expected ")
    assert "of a case in this ledger" in one_line(any_form._one, {**ONE, "problem": {"case_id": "none"}})


def test_a_number_is_one_within_its_bounds() -> None:
    for bad in (*CONTROLS, {"$ne": 1}, ["a"], HUGE, -1, 10**5000):
        for name in ("workers", "processes"):
            assert one_line(any_form._many, {**MANY, name: bad}).startswith(f"{name}: expected ")
        said = one_line(any_form._one, {**ONE, "approval_wait_s": bad})
        assert said.startswith("approval_wait_s: expected ")


@pytest.mark.parametrize("place", ["family", "instance.numbers", "instance.deep", "target.metric"])
def test_a_problem_that_is_written_out_has_texts_that_can_be_recorded(place: str) -> None:
    for bad in ("\0", "a\ud800"):
        stated = {**TOY, "instance": dict(TOY["instance"]), "target": dict(TOY["target"])}
        first, _, last = place.partition(".")
        (stated[first] if last else stated)[last or first] = [1, {"a": bad}] if last == "deep" else bad
        where = f"{place}.1.a" if last == "deep" else place
        assert one_line(any_form._one, {**ONE, "problem": stated}) == (
            f"problem: {where}: expected text, without NUL and lone surrogates"
        )


def test_the_name_of_a_run_is_one_line_whatever_was_typed() -> None:
    for bad in (*CONTROLS, *NO_TEXTS, HUGE):
        name = called(bad, "given-by-prefect")
        assert name.isprintable()
        assert 0 < len(name) <= 200
    assert called("", "given-by-prefect") == "given-by-prefect"
