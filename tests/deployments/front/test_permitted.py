"""What a person who is signed in may do to Prefect through the gate, and in whose name."""

import json
from typing import Any

import httpx
import pytest

from deployments.front.users import Users
from flows.credential import make_credential
from tests.deployments.test_gate import GOOD, OWN, Door

ID = "00000000-0000-4000-8000-000000000000"
RESUME = f"/api/flow_runs/{ID}/resume"


class Ada:
    """Is signed in, and asks by cookie as a page's script does."""

    def __init__(self, door: Door) -> None:
        self.door, self.headers = door, {**door.cookie(), "origin": OWN}

    def ask(self, method: str, path: str, sent: Any = None) -> httpx.Response:
        body = sent if isinstance(sent, bytes) else json.dumps(sent or {}).encode()
        return self.door.ask(method, path, headers=self.headers, content=body)

    def passed(self, method: str, path: str, sent: Any = None) -> Any:
        """What Prefect gets."""
        got = self.ask(method, path, sent)
        assert got.status_code == 200, got.text
        assert int(got.json()["headers"].get("content-length", 0)) == len(got.json()["body"])
        return json.loads(got.json()["body"])


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Ada:
    home = tmp_path_factory.mktemp("home")
    make_credential(home)
    Users(home).add("ada", GOOD)
    return Ada(Door(home))


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ({"name": ""}, "ada"),
        ({}, "ada"),
        ({"name": "ada"}, "ada"),
        ({"name": "Grace"}, "Grace (signed in as ada)"),
        ({"name": "x (signed in as bob)"}, "x (signed in as bob) (signed in as ada)"),
        ({"name": {"__prefect_kind": "none", "value": "bob"}}, "bob (signed in as ada)"),
    ],
)
def test_an_approval_says_who_was_signed_in(ada: Ada, typed: dict[str, Any], recorded: str) -> None:
    form = {"answer": "approve", "reason": "", **typed}
    assert ada.passed("POST", RESUME, {"run_input": form})["run_input"] == {**form, "name": recorded}


@pytest.mark.parametrize(
    "sent",
    [
        {"run_input": {"__prefect_kind": "json", "value": '{"answer": "approve", "name": "bob"}'}},
        {"run_input": {"answer": {"__prefect_kind": "json", "value": '"approve"'}, "name": "bob"}},
        {"run_input": {"answer": "approve", "name": {"__prefect_kind": "jinja", "template": "bob"}}},
        {"run_input": {"answer": {"__prefect_kind": "workspace_variable", "variable_name": "x"}}},
        {"run_input": {"answer": "deny", "more": [{"__prefect_kind": None}]}},
        b"\xff",
        b"[1]",
        b"[" * 100_000,
    ],
)
def test_an_answer_that_is_worked_out_behind_the_gate_is_refused(ada: Ada, sent: Any) -> None:
    assert ada.ask("POST", RESUME, sent).status_code == 403


def test_an_answer_to_another_form_is_passed_on_as_it_is(ada: Ada) -> None:
    for given in ({"name": "x"}, {}, None, {"answer": [], "name": ""}):
        assert ada.passed("POST", RESUME, {"run_input": given}) == {"run_input": given}
    assert ada.ask("POST", RESUME, b"").status_code == 200  # a run that was paused without a form


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"flow_runs/{ID}/input"),
        ("DELETE", f"flow_runs/{ID}/input/key"),
        ("POST", f"flow_runs/{ID}/resume\n"),  # which Starlette's routes match
        ("POST", f"flow_runs/{ID}/set_state\n"),
        ("PATCH", f"flow_runs/{ID}"),
        ("POST", "flow_runs/"),
        ("POST", "artifacts/"),
        ("PATCH", f"artifacts/{ID}"),
        ("POST", "logs/"),
        ("POST", "events"),
        ("POST", "variables/"),
        ("PATCH", "variables/name/x"),
        ("POST", "block_documents/"),
        ("PATCH", f"block_documents/{ID}"),
        ("POST", "automations/"),
        ("PUT", f"automations/{ID}"),
        ("POST", "deployments/"),
        ("POST", "work_pools/"),
        ("PUT", "admin/storage"),
        ("POST", "work_pools/tierwise/workers/heartbeat"),
    ],
)
def test_no_answer_question_or_code_is_written_in_another_way(ada: Ada, method: str, path: str) -> None:
    path = f"/api/{path}".replace("\n", "%0a")
    assert ada.ask(method, path, {"value": "x"}).status_code == 403
    program = ada.door.gate._desk.shown_to_prefect()[1].decode()
    assert ada.door.ask(method, path, headers={"authorization": program}).status_code == 200


def test_a_paused_run_goes_on_with_its_form_alone(ada: Ada) -> None:
    for path in (f"flow_runs/{ID}/set_state", "flow_runs/bulk_set_state"):
        kind: Any
        for kind in ("RUNNING", "running", "PAUSED", "PENDING", None, []):
            state = {"state": {"type": kind, "name": "x"}, "force": True}
            assert ada.ask("POST", f"/api/{path}", state).status_code == 403
        details = {"run_input_keyset": {"response": "x"}}
        state = {"state": {"type": "cancelling", "state_details": details, "data": 1}, "force": True}
        assert ada.passed("POST", f"/api/{path}", state) == {"state": {"type": "cancelling"}, "force": True}


@pytest.mark.parametrize(
    ("path", "may", "may_not"),
    [
        (f"deployments/{ID}", "paused", ("entrypoint", "pull_steps", "job_variables", "work_pool_name")),
        ("work_pools/tierwise", "is_paused", ("base_job_template",)),
        ("work_pools/tierwise/queues/default", "is_paused", ("name",)),
    ],
)
def test_switches_are_for_people_and_what_code_runs_is_not(
    ada: Ada, path: str, may: str, may_not: tuple[str, ...]
) -> None:
    assert ada.passed("PATCH", f"/api/{path}", {may: True}) == {may: True}
    for field in may_not:
        assert ada.ask("PATCH", f"/api/{path}", {may: True, field: "x"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"deployments/{ID}/create_flow_run"),
        ("POST", f"deployments/{ID}/schedules"),
        ("PATCH", f"deployments/{ID}/schedules/{ID}"),
        ("DELETE", f"flow_runs/{ID}"),
        ("POST", f"flow_runs/{ID}/input/filter"),
        ("POST", "work_pools/tierwise/queues/filter"),
        ("POST", "ui/flow_runs/count-task-runs"),
        ("POST", "events/count-by/time"),
        ("POST", "artifacts/latest/count"),
        ("POST", "deployments/get_scheduled_flow_runs"),
        ("GET", f"flow_runs/{ID}/input/key"),
        ("GET", "csrf-token"),
    ],
)
def test_what_the_pages_need_is_passed_on(ada: Ada, method: str, path: str) -> None:
    assert ada.ask(method, f"/api/{path}").status_code == 200
