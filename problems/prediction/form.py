"""What the flow of this family asks for: a table, what its columns are, and the goal."""

from enum import StrEnum
from pathlib import PurePath
from typing import Any, ClassVar

from pydantic import Field

from escalation.ports.forms import FILES, Form, Part, shown
from escalation.ports.pages import Tab
from escalation.ports.registry import resolve
from problems.prediction.sources.source import sources
from toolbox.tables.any_file import field_of


class DataSet(StrEnum):
    """Clinical tables that come with the installation."""

    BREAST_CANCER = "breast_cancer"
    WHAS500 = "whas500"


class Metric(StrEnum):
    """How good a prediction is, measured on rows that were kept aside."""

    ROC_AUC = "roc_auc"
    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced_accuracy"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    BRIER = "brier"


class TableForm(Part):
    """The rows to learn from: a table that comes with the installation, or a file of your own."""

    tabs: ClassVar = (
        Tab("Example data", ("dataset",), ("sealed_fraction",)),
        Tab(
            "Your own file",
            ("file", "target"),
            (
                "positive",
                "group",
                "time",
                "drop",
                "categorical",
                "na_values",
                "subgroups",
                "sealed_fraction",
            ),
        ),
    )

    dataset: DataSet | None = Field(
        None,
        title="Data set",
        description="breast_cancer: is a tumour malignant (569 patients). whas500: does a patient die within "
        "a year of a heart attack (500 patients).",
        json_schema_extra=shown("breast_cancer"),
    )
    file: str | None = Field(
        None,
        title="CSV or Parquet file",
        description=f"{FILES} A CSV file begins with a line of column names.",
    )
    target: str | None = Field(
        None, title="Column to predict", description="The column that holds the two classes."
    )
    positive: str | None = Field(
        None,
        title="Class to predict",
        description="One of that column's two values. It may be left empty where they are 0 and 1, or where "
        "a name says it: yes, died.",
    )
    group: str | None = Field(
        None,
        title="Patient column",
        description="Where a patient has several rows: they are kept together, so that nobody is both learnt "
        "from and tested on.",
    )
    time: str | None = Field(
        None,
        title="Time column",
        description="Then the latest rows are kept aside, not rows drawn by chance.",
    )
    drop: list[str] = Field(
        default_factory=list, title="Columns to leave out", description="They are not used to predict."
    )
    categorical: list[str] = Field(
        default_factory=list,
        title="Columns of codes",
        description="Columns of numbers that are names, not amounts: a ward, a diagnosis.",
    )
    na_values: list[str] = Field(
        default_factory=list,
        title="What else means missing",
        description="Beside an empty cell: unknown, or -99.",
    )
    subgroups: list[str] = Field(
        default_factory=list,
        title="Compare groups",
        description="Columns by which the report tells the result, as sex or ward.",
    )
    sealed_fraction: float = Field(
        0.4,
        ge=0.1,
        le=0.8,
        title="Share of rows kept aside",
        description="No model sees their outcome; the result is proven on them. 0.4 is 40 %.",
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in; the file by the name that problem files have for its kind."""
        found = super().instance()
        if "file" in found:
            found = {field_of(PurePath(found["file"])): found.pop("file"), **found}
        return found


class PredictionTarget(Part):
    """How good the prediction must be proven to be."""

    tabs: ClassVar = (
        Tab(
            "A value to reach",
            ("at_least",),
            ("metric", "confidence"),
            {"metric": [each for each in Metric if each is not Metric.BRIER]},
        ),
        Tab(
            "An error to stay below",
            ("at_most",),
            ("metric", "confidence"),
            {"metric": [Metric.BRIER]},
        ),
    )

    at_least: float | None = Field(
        None,
        ge=0,
        le=1,
        title="At least",
        description="Between 0 and 1; 1 is perfect.",
        json_schema_extra=shown(0.9),
    )
    at_most: float | None = Field(
        None,
        ge=0,
        le=1,
        title="At most",
        description="The Brier score, which is the mean squared error of the predicted probability; 0 is "
        "perfect, and 0.25 is what tossing a coin comes to.",
    )
    metric: Metric = Field(
        Metric.ROC_AUC,
        title="Measured by",
        description="roc_auc: of a pair with and without the class, how often the right one ranks higher. "
        "sensitivity: share of the class that is found. specificity: share of the others that is let go. "
        "accuracy: share that is right; balanced_accuracy: the mean of both shares.",
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1.0, title="Confidence", description="How sure the proof must be; 0.95 is 95 %."
    )


def _of_problem_files() -> dict[str, str]:
    """Fields of sources that a page does not ask for: many files and words of a field's own."""
    return {
        field: f"{name} are described in a problem file"
        for name, source in sources().items()
        for field in resolve(source.spec).model_fields
        if name not in {"table", "dataset"} and field not in TableForm.model_fields
    }


class PredictionForm(Form):
    """Predicts which of two classes a row belongs to, and proves on rows kept aside how well."""

    left_out: ClassVar = {
        **_of_problem_files(),
        **dict.fromkeys(("csv", "parquet", "excel"), "`file` is one of them, by its name"),
        **dict.fromkeys(
            ("sheet", "join", "by"), "a problem file says what becomes of several sheets or files"
        ),
        "documentation": "statements of many lines, which a file keeps better than a page",
    }

    table: TableForm = Field(title="Your table", description="What to learn from.")
    target: PredictionTarget = Field(
        title="The goal", description="How good the prediction must be proven to be, or there is no answer."
    )
