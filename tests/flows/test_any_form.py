"""The forms for one problem of any family, and for many."""

from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema

from escalation.inputs.settings import ROOT
from escalation.policy.extending import shipped_policies
from flows import any_form
from flows.any_form import AS_STATED, batch, escalate


def shown(flow: Any) -> dict[str, Any]:
    """The fields that the page shows, in its order."""
    schema = parameter_schema(flow).model_dump()["properties"]
    return dict(sorted(schema.items(), key=lambda each: each[1]["position"]))


def kinds(field: Any) -> list[str]:
    """What a field offers, to the last of its tabs."""
    found = [str(field["type"])] if "type" in field else []
    return found + [kind for each in field.get("anyOf", ()) for kind in kinds(each)]


@pytest.mark.parametrize("flow", [escalate, batch])
def test_no_field_has_a_switch_for_none_and_each_has_title_and_description(flow: Any) -> None:
    for name, field in shown(flow).items():
        assert "null" not in kinds(field), name
        assert field["title"] != name
        assert field["description"]


def test_a_problem_is_an_example_a_file_an_earlier_case_and_json_comes_last() -> None:
    problem = shown(escalate)["problem"]
    assert [each["title"] for each in problem["anyOf"]] == ["An example", "A file", "An earlier case", "JSON"]
    assert problem["default"] in problem["anyOf"][0]["enum"]
    assert all((ROOT / each).is_file() for each in problem["anyOf"][0]["enum"])
    assert list(shown(escalate))[-1] == "folder"


def test_the_policy_is_chosen_from_those_that_ship_or_left_to_the_problem() -> None:
    for flow in (escalate, batch):
        policy = shown(flow)["policy"]
        assert policy["anyOf"][0]["enum"] == [AS_STATED, *shipped_policies()]
        assert policy["default"] == AS_STATED


def test_what_is_filled_in_is_what_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(any_form, "run_case", lambda *given: called.append(given))
    given = {"policy": AS_STATED, "case_id": "", "folder": "", "approval_wait_s": 5}
    any_form._one({"problem": "examples/triage.yaml", **given})
    any_form._one({"problem": {"case_id": "c"}, **given, "policy": "practice"})
    assert called == [
        ("examples/triage.yaml", None, None, None, 5),
        (None, "practice", "c", None, 5),
    ]  # fmt: skip


def test_the_batch_as_it_stands_names_problem_files_that_are_there() -> None:
    named = shown(batch)["problems"]["default"]
    assert len(named) == 2
    assert all((ROOT / each).is_file() for each in named)
