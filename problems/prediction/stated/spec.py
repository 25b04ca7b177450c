"""What a problem file may say about a table; anything else is refused with one clear line."""

from collections.abc import Mapping
from typing import Any, TypeVar
from unicodedata import normalize

from pydantic import Field, FiniteFloat, ValidationError
from pydantic_core import ErrorDetails

from escalation.model.complaints import apart, settle
from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen
from escalation.text.nearest import did_you_mean
from problems.prediction.stated.documentation import Documentation
from toolbox.tables.raw_files import Value

Spec = TypeVar("Spec", bound="RowsSpec")


class RowsSpec(Frozen):
    """Fields that rows of every source have."""

    sealed_fraction: float = Field(
        0.4, ge=0.1, le=0.8, description="Share of rows kept aside: no model sees their labels."
    )
    subgroups: tuple[str, ...] = Field(
        (), description="Columns by which the report divides the rows kept aside."
    )
    documentation: Documentation = Field(
        Documentation.model_validate({}), description="What only people can tell; the report shows it."
    )


class TaskSpec(RowsSpec):
    """Fields that say what is asked of a row; each task takes its own."""

    task: str = Field(
        "binary",
        description="What is asked of a row: binary (one of two classes), multiclass, ordinal (a level), "
        "regression (a number), time_to_event (the time until it, some rows being censored).",
    )
    positive: Value | None = Field(
        None,
        description="The class to predict; may be left out for 0 and 1, and where its name tells: yes, died.",
    )
    signal_efficiency: float | None = Field(
        None,
        gt=0,
        lt=1,
        allow_inf_nan=False,
        description="Binary: share of the class to predict that is kept where background_rejection and ams "
        "are read off.",
    )
    top: int | None = Field(
        None, ge=2, description="Multiclass: classes among which the row's own is to be, for top_accuracy."
    )
    order: tuple[Value, ...] = Field((), description="Ordinal: the levels, lowest first.")
    tolerance: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Regression: error up to which a number is right enough."
    )
    quantile: float | None = Field(
        None, gt=0, lt=1, description="Regression: share of rows whose error error_quantile is not to exceed."
    )
    range: tuple[FiniteFloat, FiniteFloat] | None = Field(
        None,
        description="Regression: least and largest number that may occur by the nature of what is measured, "
        "known before any was seen; mae, rmse and r_squared have no bound that holds without.",
    )
    event: str | None = Field(
        None,
        description="Time to event: column with 1 where the event happened at the time, 0 where the row was "
        "last seen without it.",
    )
    horizon: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Time to event: time until which survival is predicted."
    )


class ColumnsSpec(TaskSpec):
    """What the columns of a table are."""

    target: str = Field(description="Column with the outcome.")
    group: str | None = Field(None, description="Column whose rows of equal value stay together (a patient).")
    time: str | None = Field(None, description="Column by which the latest rows are the sealed ones.")
    weight: str | None = Field(
        None,
        description="Binary: column with the weight of a row, above 0, by which fits, figures and bounds "
        "count it; no feature. For ams the sums over each class are the events expected.",
    )
    drop: tuple[str, ...] = Field((), description="Columns that are no features.")
    categorical: tuple[str, ...] = Field((), description="Columns of numbers that are codes, not amounts.")
    na_values: tuple[Value, ...] = Field(
        (), description="Further values that mean a missing one; numbers however they are spelt."
    )


def composed(data: Any) -> Any:
    """Composes the letters of all texts (NFC), as those of tables are; macOS writes them decomposed."""
    if isinstance(data, str):
        return normalize("NFC", data)
    if isinstance(data, Mapping):
        return {composed(name): composed(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [composed(each) for each in data]
    return data


def checked(kind: type[Spec], instance: Mapping[str, Any]) -> Spec:
    """What a problem file says, as a statement of that kind.

    Raises:
        BadInput: on an unknown field or a wrong type.
    """
    try:
        return kind.model_validate(dict(instance))
    except ValidationError as error:
        for each in error.errors():
            with apart():
                raise _complaint(kind, each) from None
        wrong = {each["loc"][0] for each in error.errors() if each["loc"]}
        rest = {name: value for name, value in instance.items() if name not in wrong}
        if len(rest) == len(instance):
            settle()
        return checked(kind, rest)  # for what else is wrong, where complaints are gathered


def _complaint(kind: type[Spec], found: ErrorDetails) -> BadInput:
    name = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        known = Documentation if "." in name else kind
        field = name.rpartition(".")[2]
        return BadInput(
            f"instance: unknown field {name!r}, expected one of {', '.join(known.model_fields)}"
            f"{did_you_mean(field, known.model_fields)}"
        )
    if found["type"] == "missing":
        return BadInput(f"instance: field {name!r} is missing")
    return BadInput(f"instance: field {name!r}: {found['msg']}, got {found['input']!r}")
