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


class AskedTask(StrEnum):
    """What is asked of a row."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    ORDINAL = "ordinal"
    REGRESSION = "regression"
    TIME_TO_EVENT = "time_to_event"


class Metric(StrEnum):
    """How good a prediction is, measured on rows that were kept aside."""

    ROC_AUC = "roc_auc"
    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced_accuracy"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    BRIER = "brier"
    AVERAGE_PRECISION = "average_precision"
    BACKGROUND_REJECTION = "background_rejection"
    AMS = "ams"
    MACRO_ROC_AUC = "macro_roc_auc"
    TOP_ACCURACY = "top_accuracy"
    LOG_LOSS = "log_loss"
    WEIGHTED_KAPPA = "weighted_kappa"
    LEVEL_ERROR = "level_error"
    RANKED_PROBABILITY_SCORE = "ranked_probability_score"
    MAE = "mae"
    RMSE = "rmse"
    R_SQUARED = "r_squared"
    RANK_CORRELATION = "rank_correlation"
    WITHIN_TOLERANCE = "within_tolerance"
    ERROR_QUANTILE = "error_quantile"
    CONCORDANCE = "concordance"
    INTEGRATED_BRIER = "integrated_brier"
    CALIBRATION_IN_THE_LARGE = "calibration_in_the_large"


ERRORS = (
    Metric.BRIER,
    Metric.LOG_LOSS,
    Metric.LEVEL_ERROR,
    Metric.RANKED_PROBABILITY_SCORE,
    Metric.MAE,
    Metric.RMSE,
    Metric.ERROR_QUANTILE,
    Metric.INTEGRATED_BRIER,
    Metric.CALIBRATION_IN_THE_LARGE,
)
"""Those of which less is better."""


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
        None,
        title="Column to predict",
        description="The column with the outcome: a class, a level, a number, or how long a row was seen.",
    )
    positive: str | None = Field(
        None,
        title="Class to predict",
        description="Of two classes: one of that column's values. It may be left empty where they are 0 and "
        "1, or where a name says it: yes, died. Leave it empty for everything else.",
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


class AskedForm(Part):
    """What is asked of each row; every kind of outcome has its own fields."""

    tabs: ClassVar = (
        Tab("One of two classes", (), ("task", "weight", "signal_efficiency"), {"task": [AskedTask.BINARY]}),
        Tab("One of several classes", (), ("task", "top"), {"task": [AskedTask.MULTICLASS]}),
        Tab("A level in an order", (), ("task", "order"), {"task": [AskedTask.ORDINAL]}),
        Tab("A number", (), ("task", "tolerance", "quantile", "range"), {"task": [AskedTask.REGRESSION]}),
        Tab("The time to an event", ("event",), ("task", "horizon"), {"task": [AskedTask.TIME_TO_EVENT]}),
    )

    task: AskedTask = Field(AskedTask.BINARY, title="Task", description="Which of the tabs is meant.")
    weight: str | None = Field(
        None,
        title="Column of weights",
        description="By how much each row counts, above 0; it is not used to predict.",
    )
    signal_efficiency: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="Share that is kept",
        description="For background_rejection and ams: of the class to predict; 0.5 is 50 %.",
    )
    top: int | None = Field(
        None,
        ge=2,
        title="Among the likeliest",
        description="For top_accuracy: of how many classes that are most probable a row's own is to be one.",
    )
    order: list[str] = Field(
        default_factory=list,
        title="Levels, lowest first",
        description="Every level once. It may be left empty where levels are numbers.",
    )
    tolerance: float | None = Field(
        None,
        gt=0,
        title="Right enough",
        description="For within_tolerance: the error up to which a number is right enough, in its own unit.",
    )
    quantile: float | None = Field(
        None,
        gt=0,
        lt=1,
        title="Share of rows",
        description="For error_quantile: the share of rows whose error must stay below it; 0.9 is 90 %.",
    )
    range: list[float] = Field(
        default_factory=list,
        max_length=2,
        title="Least and largest number",
        description="For mae, rmse and r_squared: what can occur at all, known before anybody looked.",
    )
    event: str | None = Field(
        None,
        title="Column of the event",
        description="1: it happened at that time. 0: the row was last seen then, without it.",
    )
    horizon: float | None = Field(
        None,
        gt=0,
        title="Predict until",
        description="In the unit of the times. Leave it empty for one up to which enough rows were seen.",
    )

    def instance(self) -> dict[str, Any]:
        """What was filled in; two classes are what problem files mean that say nothing."""
        found = super().instance()
        if self.task is AskedTask.BINARY:
            del found["task"]
        return found


class PredictionTarget(Part):
    """How good the prediction must be proven to be."""

    tabs: ClassVar = (
        Tab(
            "A value to reach",
            ("at_least",),
            ("metric", "confidence"),
            {"metric": [each for each in Metric if each not in ERRORS]},
        ),
        Tab("An error to stay below", ("at_most",), ("metric", "confidence"), {"metric": ERRORS}),
    )

    at_least: float | None = Field(
        None,
        ge=-1,
        title="At least",
        description="1 is perfect.",
        json_schema_extra=shown(0.9),
    )
    at_most: float | None = Field(
        None,
        ge=0,
        title="At most",
        description="0 is perfect. A Brier score of 0.25 is what tossing a coin comes to; the error of a "
        "number is in its own unit.",
    )
    metric: Metric = Field(
        Metric.ROC_AUC,
        title="Measured by",
        description="Two classes: roc_auc (of a pair with and without the class, how often the right one "
        "ranks higher), sensitivity (share of the class that is found), specificity (share of the others "
        "that is let go), accuracy (share that is right), balanced_accuracy (the mean of both shares), "
        "brier, average_precision, background_rejection, ams. Several "
        "classes: accuracy, balanced_accuracy, macro_roc_auc, top_accuracy, log_loss. Levels: accuracy, "
        "weighted_kappa, level_error, ranked_probability_score. Numbers: within_tolerance, error_quantile, "
        "rank_correlation, mae, rmse, r_squared. Times: concordance, roc_auc, brier, integrated_brier, "
        "calibration_in_the_large.",
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
        if name not in {"table", "dataset"}
        and field not in {*TableForm.model_fields, *AskedForm.model_fields}
    }


class PredictionForm(Form):
    """Predicts a class, a level, a number or the time to an event, and proves on rows kept aside how well."""

    left_out: ClassVar = {
        **_of_problem_files(),
        **dict.fromkeys(("csv", "parquet", "excel"), "`file` is one of them, by its name"),
        **dict.fromkeys(
            ("sheet", "join", "by"), "a problem file says what becomes of several sheets or files"
        ),
        "documentation": "statements of many lines, which a file keeps better than a page",
    }

    table: TableForm = Field(title="Your table", description="What to learn from.")
    asked: AskedForm = Field(
        AskedForm(),
        title="What is asked",
        description="What kind of outcome the column to predict holds.",
        json_schema_extra=shown({"task": "binary"}),
    )
    target: PredictionTarget = Field(
        title="The goal", description="How good the prediction must be proven to be, or there is no answer."
    )
