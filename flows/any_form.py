"""The forms of the flows for every family: one problem, or many, by file or written out."""

from pathlib import Path
from typing import Annotated, Any

from prefect import Flow
from prefect.runtime import flow_run
from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from escalation.inputs.settings import ROOT
from escalation.model.amounts import Caps
from escalation.model.batch import BatchReport
from escalation.model.case import Outcome
from escalation.ports.forms import FILES, Part, shown
from flows.batch import solve_batch
from flows.driver import run_case
from flows.forms import ApprovalWait, Limits, PolicyChoice, common_parameters, docstring, form_flow
from flows.naming import run_name
from flows.values import called

AS_STATED = "as the problem says"
"""In the place of a policy's name: the one that the problem file names, else the default."""


class ProblemChoice:
    """Shows a problem as a choice of examples, beside a field for a file; written out, for experts, last."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        examples = {"title": "An example", "type": "string", "enum": list(examples_here())}
        file = {"title": "A file", "type": "string"}
        case = {"title": "Case", "type": "string", "description": "The id of a case that is not finished."}
        again: JsonSchemaValue = {"title": "An earlier case", "type": "object"}
        again |= {"properties": {"case_id": case}, "required": ["case_id"]}
        return {"anyOf": [examples, file, again, {"title": "JSON", "type": "object"}]}


class PolicyOfProblem(PolicyChoice):
    """The same with a choice for the policy that the problem itself names."""

    first = (AS_STATED,)


class EachProblem:
    """Shows a problem among many as a path; written out, for experts, on a second tab."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        path = {"title": "A file, a folder or a list", "type": "string"}
        return {"anyOf": [path, {"title": "JSON", "type": "object"}]}


def examples_here() -> list[str]:
    """The problem files that come with the installation, below its folder."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "examples").glob("*.yaml"))


def examples_of_many() -> list[str]:
    """Two of them that take seconds: what the page of many problems begins with."""
    return [name for name in examples_here() if Path(name).stem in {"g_set", "triage"}]


class OneProblem(Part):
    """Solves a problem of any family: by a problem file, or an example to look at.

    Each family has a form of its own too, under its flow, with a field for everything that it needs.
    """

    problem: Annotated[Any, ProblemChoice()] = Field(
        title="Problem",
        description=f"What is asked. {FILES} `tierwise new FAMILY` writes a problem file with comments.",
        json_schema_extra=shown("examples/breast_cancer.yaml"),
    )
    policy: Annotated[str | None, PolicyOfProblem()] = Field(
        None,
        title="Policy",
        description="The rules for what may be tried, and when. A problem that names none gets default. A "
        "file: its path on the worker's machine.",
        json_schema_extra=shown(AS_STATED),
    )
    approval_wait_s: ApprovalWait = None
    case_id: str | None = Field(
        None,
        title="Id of the case",
        description="What a new case is to be called. Leave it empty for one that is made up.",
        json_schema_extra=shown(""),
    )
    folder: str | None = Field(
        None,
        title="Folder",
        description="Where the relative paths of a problem that is written out start. Leave it empty "
        "otherwise.",
        json_schema_extra=shown(""),
    )


class ManyProblems(Part):
    """Solves many problems in one run, each as a case of its own; what is wrong with one stops no other."""

    problems: list[Annotated[Any, EachProblem()]] = Field(
        title="Problems",
        description="Problem files, folders of them, or lists with a path or a problem as JSON a line. "
        f"{FILES}",
        json_schema_extra=shown(examples_of_many()),
    )
    policy: Annotated[str | None, PolicyOfProblem()] = Field(
        None,
        title="Policy",
        description="The rules for what may be tried, for all of them. A problem that names none gets "
        "default. A file: its path on the worker's machine.",
        json_schema_extra=shown(AS_STATED),
    )
    name: str = Field(
        "",
        title="Name of the batch",
        description="Begins the ids of the cases. The same batch under the same name goes on with what is "
        "left, and repeats nothing; under another name all is solved anew.",
    )
    budget: Limits = Field(
        Caps(),
        title="Limits",
        description="What all cases together may use at most; a field that is left empty sets no limit.",
        json_schema_extra=shown({}),
    )
    workers: int = Field(0, ge=0, title="Cases at once", description="0: as many as there are processors.")
    processes: int = Field(
        0,
        ge=0,
        title="Processes",
        description="In which they are solved. 1: in the run's own. 0: one a processor, where there are "
        "problems enough to be worth their start.",
    )
    folder: str | None = Field(
        None,
        title="Folder",
        description="Where relative paths start. Leave it empty for that of the installation.",
        json_schema_extra=shown(""),
    )


def _one(given: dict[str, Any]) -> Outcome:
    problem, case_id = given.get("problem"), given.get("case_id") or None
    if isinstance(problem, dict) and set(problem) == {"case_id"}:
        case_id, problem = problem["case_id"], None
    return run_case(problem, _policy(given), case_id, given["folder"] or None, given["approval_wait_s"])


def _many(given: dict[str, Any]) -> BatchReport:
    plain = {name: given[name] for name in _PLAIN}
    return solve_batch(given.get("problems", []), _policy(given), **plain)


def _policy(given: dict[str, Any]) -> str | None:
    return None if given["policy"] == AS_STATED else given["policy"] or None


_PLAIN = ("name", "workers", "processes", "budget", "folder")
escalate: Flow[Any, Outcome] = form_flow(
    "escalate",
    docstring(OneProblem),
    common_parameters(OneProblem),
    _one,
    run_name(lambda given: given.get("problem")),
)
batch: Flow[Any, BatchReport] = form_flow(
    "batch",
    docstring(ManyProblems),
    common_parameters(ManyProblems),
    _many,
    lambda: called(flow_run.parameters.get("name"), flow_run.name),
)
