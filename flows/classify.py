"""Two-class tables as a flow whose parameters are a form in the Prefect UI."""

from enum import StrEnum
from typing import Any

from prefect import flow
from pydantic import Field

from escalation.case import Outcome
from escalation.errors import BadInput
from escalation.model import Frozen
from escalation.opening import DEFAULT_POLICY
from escalation.problem import Budget, DataClass
from escalation.validation import parse
from flows.driver import run_case
from flows.ending import bad_input
from flows.naming import run_name


class Metric(StrEnum):
    """The metrics that have a valid bound; see `problems.classification.family.METRICS`."""

    ROC_AUC = "roc_auc"
    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced_accuracy"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    BRIER = "brier"


class TableForm(Frozen):
    """Which table, and what its columns are. Give one of dataset, csv and parquet."""

    dataset: str | None = Field(None, description="A data set by name, for instance breast_cancer.")
    csv: str | None = Field(None, description="Path of a CSV file with a header line, on the worker.")
    parquet: str | None = Field(None, description="Path of a Parquet file, on the worker.")
    target: str | None = Field(None, description="Of a file: the column with the two classes.")
    positive: str | None = Field(None, description="Of a file: the class to predict.")
    group: str | None = Field(None, description="Column whose rows of equal value stay together (a patient).")
    time: str | None = Field(None, description="Column by which the latest rows are the sealed ones.")
    drop: list[str] = Field(default_factory=list, description="Columns that are no features.")
    categorical: list[str] = Field(
        default_factory=list, description="Columns of numbers that are codes, not amounts."
    )
    na_values: list[str] = Field(
        default_factory=list, description="Further values that mean a missing one, as unknown or -99."
    )
    subgroups: list[str] = Field(
        default_factory=list, description="Columns by which the report divides the sealed rows."
    )
    sealed_fraction: float = Field(0.4, ge=0.1, le=0.8, description="Share of rows whose labels are sealed.")

    def instance(self) -> dict[str, Any]:
        """What was filled in, as the family reads it."""
        return {name: value for name, value in self.to_json().items() if value is not None and value != []}


class TargetForm(Frozen):
    """What the answer must reach. Give one of at_least and at_most."""

    metric: Metric = Metric.ROC_AUC
    at_least: float | None = Field(None, description="The value to reach from above (all but brier).")
    at_most: float | None = Field(None, description="The value to reach from below (brier).")
    confidence: float = Field(0.95, gt=0.5, lt=1.0, description="1 - α of the whole case.")


def _problem(parameters: dict[str, Any]) -> dict[str, Any]:
    names = ("table", "target", "budget", "data_class", "seed")
    return stated(*(parameters[name] for name in names))


# The parameters are checked by `stated`, which says in one line what is wrong with them.
@flow(flow_run_name=run_name(_problem), validate_parameters=False, persist_result=False)
def classify(  # noqa: PLR0917 (fields of a form)
    table: TableForm,
    target: TargetForm,
    budget: Budget = Budget(),  # noqa: B008 (frozen)
    data_class: DataClass = DataClass.IDENTIFIABLE,
    seed: int = 0,
    policy: str = DEFAULT_POLICY,
    case_id: str | None = None,
    approval_wait_s: float | None = None,
) -> Outcome:
    """Predicts which of two classes a row belongs to, and proves on sealed rows how well.

    Args:
        table: the data, and what the columns are.
        target: the metric and the value that its confidence bound must reach.
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
        "budget": parse(Budget, budget, "budget").to_json(),
        "data_class": str(data_class),
        "seed": seed,
    }
