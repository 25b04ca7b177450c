"""Options by which a table is solved without a problem file; each is a field of one."""

from enum import StrEnum
from typing import Annotated, Any

import typer


class DataClassName(StrEnum):
    """How sensitive the data are."""

    PUBLIC = "public"
    DEIDENTIFIED = "deidentified"
    IDENTIFIABLE = "identifiable"


_PANEL = "Of a table without a problem file"


def _option(meaning: str, metavar: str | None = None) -> Any:
    return typer.Option(help=meaning, metavar=metavar, show_default=False, rich_help_panel=_PANEL)


TargetColumn = Annotated[str | None, _option("The column to predict.", "COLUMN")]
TaskOption = Annotated[
    str | None,
    _option(
        "What is asked of it: binary (when nothing is said), multiclass, ordinal, regression, time_to_event.",
        "TASK",
    ),
]
Positive = Annotated[
    str | None,
    _option("The class to predict; may be left out for 0 and 1, and where its name says it.", "CLASS"),
]
Metric = Annotated[str | None, _option("What is measured; default: roc_auc.")]
AtLeast = Annotated[float | None, _option("The value that must be proven to be reached, from above.")]
AtMost = Annotated[float | None, _option("The same from below, as for brier.")]
Confidence = Annotated[float | None, _option("How sure the proof must be; default: 0.95.")]
Drop = Annotated[
    list[str] | None, _option("A column that is no feature; may be given several times.", "COLUMN")
]
Categorical = Annotated[
    list[str] | None,
    _option("A column whose numbers are codes, not amounts; may be given several times.", "COLUMN"),
]
Group = Annotated[str | None, _option("The column whose rows stay together (a patient).", "COLUMN")]
Time = Annotated[str | None, _option("The column by which the latest rows are kept aside.", "COLUMN")]
Na = Annotated[list[str] | None, _option("A value that means missing; may be given several times.", "VALUE")]
Sensitivity = Annotated[DataClassName | None, _option("How sensitive the data are; default: identifiable.")]
Seed = Annotated[int | None, _option("All chance is derived from it; default: 0.")]
