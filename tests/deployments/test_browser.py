"""The pages as people use them: a form filled in, the run that came of it, and an approval's dialog."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun

from escalation.model.submission import ApprovalState
from escalation.ports.forms import Part
from escalation.ports.registry import families
from flows.escalate import escalate
from flows.forms import form_of
from flows.naming import case_of
from practice import PracticeControl
from records.ledger.ledger import SqlLedger
from tests.deployments.browser import Page, opened
from tests.deployments.patience import until
from tests.deployments.test_access import log_in
from tests.deployments.test_practice import POLICY, PROBLEM, triggered

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

NO_SWITCH = "!document.body.innerText.includes('Property is type')"


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with opened() as found:
        yield found


@pytest.fixture
def page(browser: Page, served: Any, on_server: Any) -> Page:
    """Logged in."""
    log_in(browser, base(served), served.home)
    return browser


def base(served: Any) -> str:
    return str(served.url.removesuffix("/api"))


def ended(client: SyncPrefectClient, run_id: UUID) -> FlowRun:
    def final() -> FlowRun | None:
        run = client.read_flow_run(run_id)
        return run if run.state is not None and run.state.is_final() else None

    found: FlowRun = until(final, "final state")
    return found


def test_a_form_submitted_as_it_stands_is_run_and_its_pages_say_what_came_of_it(
    page: Page, served: Any, client: SyncPrefectClient, ledger: SqlLedger
) -> None:
    deployment = client.read_deployment_by_name("toy/tierwise")
    page.open(f"{base(served)}/v2/deployments/deployment/{deployment.id}/run")
    page.shows("How sensitive the data are")
    assert page.value(NO_SWITCH)
    page.shows("At least\n")  # needed, so not marked as optional
    page.shows("Case to continue (Optional)")
    page.click("Submit")
    page.until("document.querySelector('a[href*=\"/runs/flow-run/\"]') !== null")
    link = str(page.value("document.querySelector('a[href*=\"/runs/flow-run/\"]').href"))
    run = ended(client, UUID(link.rpartition("/")[2]))
    assert (run.state_name, run.name) == ("Accepted", "toy → hpc"), run.state
    page.open(f"{link}?tab=Artifacts")
    page.shows("toy → hpc")
    page.shows("Accepted")
    page.shows("answer-toy")
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    (answer,) = (each for each in client.read_artifacts(flow_run_filter=of_run) if each.key == "answer-toy")
    page.open(f"{base(served)}/v2/artifacts/artifact/{answer.id}")
    page.shows("What it cost:")
    page.click("Open the report")
    page.shows("Find a number")
    assert page.value("location.pathname") == f"/reports/{case_of(run)}"
    page.open(f"{base(served)}/v2/artifacts/artifact/{answer.id}")
    page.shows("What it cost:")
    until(lambda: ledger.case(case_of(run)).mlflow_run_id, "MLflow run")
    page.click("Open the run in MLflow")
    page.shows(case_of(run))  # a run of MLflow is called by its case
    assert page.value("location.pathname") == "/mlflow/"


@pytest.fixture
def older_pages(page: Page) -> Iterator[None]:
    """The older of Prefect's two sets of pages, as its own switch chooses them."""
    page.value("document.cookie = 'prefect_ui_version=v1; Path=/'")
    yield
    page.value("document.cookie = 'prefect_ui_version=; Path=/; Max-Age=0'")


def forms_shown(page: Page, served: Any, client: SyncPrefectClient, pages: str) -> None:
    for family in families().values():
        deployment = client.read_deployment_by_name(f"{family.verb}/tierwise")
        page.open(f"{base(served)}{pages}/deployments/deployment/{deployment.id}/run")
        page.shows("How sensitive the data are")
        form = form_of(family)
        for name, field in form.model_fields.items():
            page.shows(field.title or name)
            kind: Any = field.annotation
            if issubclass(kind, Part):
                for tab in kind.tabs:
                    page.shows(tab.title)
                first = kind.tabs[0].needed if kind.tabs else kind.model_fields
                for each in first:
                    page.shows(kind.model_fields[each].title or each.replace("_", " ").title())
        assert page.value(NO_SWITCH)
        assert page.value("document.querySelector('.cm-editor') === null"), f"{family.name}: a box for JSON"


def test_every_family_has_a_form_in_the_newer_pages(
    page: Page, served: Any, client: SyncPrefectClient
) -> None:
    forms_shown(page, served, client, "/v2")


@pytest.mark.usefixtures("older_pages")
def test_every_family_has_a_form_in_the_older_pages(
    page: Page, served: Any, client: SyncPrefectClient
) -> None:
    forms_shown(page, served, client, "")
    assert not page.value("location.pathname.startsWith('/v2')")


def test_people_are_led_to_the_newer_pages(page: Page, served: Any, client: SyncPrefectClient) -> None:
    for opened_at, leads_to in (("/", "/v2/dashboard"), ("/deployments", "/v2/deployments")):
        page.open(f"{base(served)}{opened_at}")
        page.until(f"location.pathname === {leads_to!r}")


def test_one_problem_and_many_are_asked_for_without_json_and_without_switches(
    page: Page, served: Any, client: SyncPrefectClient
) -> None:
    for verb, field in (("escalate", "An earlier case"), ("batch", "A file, a folder or a list")):
        deployment = client.read_deployment_by_name(f"{verb}/tierwise")
        page.open(f"{base(served)}/v2/deployments/deployment/{deployment.id}/run")
        page.shows(field)
        page.shows("as the problem says")
        assert page.value(NO_SWITCH)
        assert page.value("document.querySelector('.cm-editor') === null"), "a box for JSON"


def run_here(problem: dict[str, Any]) -> UUID:
    """A run of this process: a page does not tell whether a worker had it, and a worker's takes longer."""
    state: Any = escalate(problem, return_state=True)
    found: UUID = state.state_details.flow_run_id
    return found


def test_why_a_run_has_no_answer_is_on_its_first_screen(
    page: Page, served: Any, client: SyncPrefectClient, ledger: SqlLedger, tmp_path: Path
) -> None:
    policy = tmp_path / "asks.yaml"
    policy.write_text(POLICY.replace("LIMIT", "0").replace("STOP", "leave"))
    deployment = client.read_deployment_by_name("optimise/tierwise")
    page.open(f"{base(served)}/v2/deployments/deployment/{deployment.id}/run")
    page.click("Your ward")
    page.click("Submit")
    page.until("document.querySelector('a[href*=\"/runs/flow-run/\"]') !== null")
    link = str(page.value("document.querySelector('a[href*=\"/runs/flow-run/\"]').href"))
    spent = PROBLEM | {"budget": {"wall_s": 0.001}}
    far = PROBLEM | {"target": {"metric": "number", "at_least": 99}}
    asked = {"problem": PROBLEM, "policy": str(policy), "approval_wait_s": 0}
    runs = {
        "BadInput": UUID(link.rpartition("/")[2]),
        "Refused": run_here(spent),
        "Abstained": run_here(far),
        "Held": triggered("escalate", asked).id,
    }
    said = {
        "BadInput": "optimise → bad input: What is to be solved: left",
        "Refused": "toy → refused: the budget is used up",
        "Abstained": "toy → abstained: 9, not at least 99",
        "Held": "toy → held: a person must decide",
    }
    whole = {
        "BadInput": "“Patients' CSV file” and “Places' CSV file” on the tab “Your ward”",
        "Refused": "of the 0.001 elapsed seconds that were allowed",
        "Abstained": "The target is not reached by hpc or ai: 9 reached, at least 99 asked for. Not tried: ",
        "Held": "A person must approve",
    }
    for name, run_id in runs.items():
        state = ended(client, run_id).state
        assert state is not None
        assert (state.name, whole[name] in str(state.message)) == (name, True), state.message
        page.open(f"{base(served)}/v2/runs/flow-run/{run_id}")
        page.shows(said[name])
        page.shows(name)
        of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id]))
        assert not [log.message for log in client.read_logs(of_run) if "Traceback" in log.message]


def test_tabs_ask_for_what_belongs_together(page: Page, served: Any, client: SyncPrefectClient) -> None:
    deployment = client.read_deployment_by_name("optimise/tierwise")
    page.open(f"{base(served)}/v2/deployments/deployment/{deployment.id}/run")
    page.shows("Patients to make up\n")
    assert page.value(NO_SWITCH)
    page.click("Your ward")
    page.shows("Places' CSV file\n")
    assert not page.value("document.body.innerText.includes('Patients to make up')")
    assert page.value("[...document.querySelectorAll('button')].some(e => e.innerText.trim() === 'triage')")


def test_an_approval_is_read_in_its_dialog_and_one_without_a_name_is_not_taken(
    page: Page, served: Any, client: SyncPrefectClient, ledger: SqlLedger, tmp_path: Path
) -> None:
    PracticeControl(served.practice).reset()
    policy = tmp_path / "asks.yaml"
    policy.write_text(POLICY.replace("LIMIT", "0").replace("STOP", "leave"))
    parameters = {"problem": PROBLEM, "policy": str(policy), "case_id": "in-a-browser"}
    run = triggered("escalate", parameters)
    page.open(f"{base(served)}/v2/runs/flow-run/{run.id}")
    open_question(page)
    page.shows("At most 12.80 USD of practice money")
    dialog = "document.querySelector('[role=dialog]')"
    blocks = f"[...{dialog}.querySelectorAll('p, li, div')]"
    assert page.value(f"{blocks}.length > 5 && {blocks}.every(e => e.scrollWidth <= e.clientWidth + 1)")
    page.choose("choose", "deny")
    page.click("Resume")
    page.shows("type your name")
    page.value(f"{dialog}.querySelectorAll('textarea')[0].focus()")
    page.type("Ada")
    page.click("Resume")
    assert ended(client, run.id).name.startswith("toy → abstained: ")
    (question,) = ledger.approvals("in-a-browser")
    assert (question.state, question.by) == (ApprovalState.DENIED, "Ada")
    assert PracticeControl(served.practice).totals()["posts"] == 0


def open_question(page: Page) -> None:
    """Opens the dialog in which a paused run is answered, as its page's menu does."""
    page.shows("waits for an approval")
    page.until("document.body.innerText.includes('Paused')")
    page.click_at("button:has(svg.lucide-ellipsis-vertical)")
    page.click("Resume")
    page.until("document.querySelector('[role=dialog]') !== null")
