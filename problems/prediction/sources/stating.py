"""For samples of sources: what the fields that rows of every source have change."""

from typing import Any

from problems.prediction.stated.documentation import Documentation


def of_every_source(column: str) -> dict[str, Any]:
    """A value for each field of `RowsSpec`, `column` being the name of a feature."""
    return {"sealed_fraction": 0.5} | _STATED | _of(column)


def of_two_classes(column: str) -> dict[str, Any]:
    """The same, with those of the task that nobody need name."""
    return of_every_source(column) | {"signal_efficiency": 0.5}


def _of(column: str) -> dict[str, Any]:
    """What may be said of a single column."""
    return {f"documentation.{field}": {column: "as measured"} for field in ("definitions", "units")}


_STATED: dict[str, Any] = {
    "documentation": {"funding": "none"},
    **{
        f"documentation.{name}": "as people say"
        for name in Documentation.model_fields
        if name not in ("definitions", "units")
    },
}
