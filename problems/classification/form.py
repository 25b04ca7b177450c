"""What the flow of this family asks for: a table, what its columns are, and the goal."""

from enum import StrEnum

from pydantic import Field

from escalation.model.frozen import Frozen
from escalation.ports.forms import Form, shown


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
        json_schema_extra=shown("breast_cancer"),
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


class ClassificationTarget(Frozen):
    """The goal: how good the prediction must be proven to be. Give one of the two values."""

    metric: Metric = Metric.ROC_AUC
    at_least: float | None = Field(
        None,
        description="The value to reach, for every metric but brier; choose None for brier.",
        json_schema_extra=shown(0.9),
    )
    at_most: float | None = Field(None, description="The value to stay below, for brier.")
    confidence: float = Field(0.95, gt=0.5, lt=1.0, description="How sure the proof must be; 0.95 is 95 %.")


class ClassificationForm(Form):
    """Predicts which of two classes a row belongs to, and proves on sealed rows how well."""

    table: TableForm = Field(description="your data, and what its columns are.")
    target: ClassificationTarget = Field(
        description="the goal: what is measured, and the value that must be proven to be reached."
    )
