"""Two-class tables as a flow whose parameters are a form in the Prefect UI."""

from enum import StrEnum
from typing import Any

from prefect import flow
from pydantic import Field

from escalation.engine.opening import DEFAULT_POLICY
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.case import Outcome
from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen
from escalation.model.problem import DataClass
from flows.driver import run_case
from flows.ending import bad_input
from flows.naming import run_name


class Metric(StrEnum):
    """How good a prediction is, measured on rows that were kept aside. Best is 1, but for brier 0."""

    ROC_AUC = "roc_auc"
    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced_accuracy"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    BRIER = "brier"


class TableForm(Frozen):
    """Your table: a data set that ships, a CSV file or a Parquet file; exactly one of the three."""

    dataset: str | None = Field(
        None,
        title="Data set",
        description="One that ships, to try it out. Choose None to use a file of your own.",
        json_schema_extra={"default": "breast_cancer"},  # of the form alone: an example to press Submit on
    )
    csv: str | None = Field(
        None, title="CSV file", description="Its path on the machine of the worker; with a header line."
    )
    parquet: str | None = Field(
        None, title="Parquet file", description="Its path on the machine of the worker."
    )
    target: str | None = Field(
        None,
        title="Column to predict",
        description="Needed with a file: the column that holds the two classes.",
    )
    positive: str | None = Field(
        None, title="Class to predict", description="Needed with a file: one of the column's two values."
    )
    group: str | None = Field(
        None, title="Patient column", description="Rows with the same value here are kept together."
    )
    time: str | None = Field(
        None, title="Time column", description="Then the latest rows are kept aside, not rows by chance."
    )
    drop: list[str] = Field(
        default_factory=list, title="Columns to leave out", description="They are not used to predict."
    )
    categorical: list[str] = Field(
        default_factory=list, title="Columns of codes", description="Their numbers are names, not amounts."
    )
    na_values: list[str] = Field(
        default_factory=list, title="Missing values", description="What else means missing: unknown, -99."
    )
    subgroups: list[str] = Field(
        default_factory=list, title="Subgroups", description="Columns by which the report tells the result."
    )
    sealed_fraction: float = Field(
        0.4, ge=0.1, le=0.8, title="Share kept aside", description="Rows for the final check; 0.4 is 40 %."
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family reads it."""
        return {name: value for name, value in self.to_json().items() if value is not None and value != []}


class TargetForm(Frozen):
    """The goal: how good the prediction must be proven to be. Give one of the two values."""

    metric: Metric = Metric.ROC_AUC
    at_least: float | None = Field(
        None,
        description="The value to reach, for every metric but brier; choose None for brier.",
        json_schema_extra={"default": 0.9},  # of the form alone
    )
    at_most: float | None = Field(None, description="The value to stay below, for brier.")
    confidence: float = Field(0.95, gt=0.5, lt=1.0, description="How sure the proof must be; 0.95 is 95 %.")


def _problem(parameters: dict[str, Any]) -> dict[str, Any]:
    names = ("table", "target", "budget", "data_class", "seed")
    return stated(*(parameters[name] for name in names))


# The parameters are checked by `stated`, which says in one line what is wrong with them.
@flow(flow_run_name=run_name(_problem), validate_parameters=False, persist_result=False)
def classify(  # noqa: PLR0917 (fields of a form)
    table: TableForm,
    target: TargetForm,
    budget: Caps = Caps(),  # noqa: B008 (frozen)
    data_class: DataClass = DataClass.IDENTIFIABLE,
    seed: int = 0,
    policy: str = DEFAULT_POLICY,
    case_id: str | None = None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """Predicts which of two classes a row belongs to, and proves on sealed rows how well.

    Args:
        table: your data, and what its columns are.
        target: the goal: what is measured, and the value that must be proven to be reached.
        budget: what the case may spend; an empty field is unlimited.
        data_class: public, deidentified or identifiable; decides whether data may leave the site.
        seed: from which all chance is derived.
        policy: the name of a policy that ships, or a policy file.
        case_id: an unfinished case to take up again; default: a new one.
        approval_wait_s: seconds that the run pauses with a form where a person must approve; default: an hour
            in a deployment, else 0: the case is held, and `tierwise approve` answers.

    Raises:
        BadInput: with one clear line.
    """
    try:
        problem = stated(table, target, budget, data_class, seed)
    except BadInput as error:
        return bad_input(error)
    return run_case(problem, policy, case_id, None, approval_wait_s)


def stated(table: Any, target: Any, budget: Any, data_class: Any, seed: Any) -> dict[str, Any]:
    """The problem that a filled-in form states, as plain data.

    Raises:
        BadInput: with one clear line.
    """
    return {
        "family": "classification",
        "instance": parse(TableForm, table, "table").instance(),
        "target": parse(TargetForm, target, "target").to_json(),
        "budget": parse(Caps, budget, "budget").to_json(),
        "data_class": str(data_class),
        "seed": seed,
    }
