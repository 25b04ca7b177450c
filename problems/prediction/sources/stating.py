"""For samples of sources: what the fields that rows of every source have change."""

from typing import Any

from problems.prediction.stated.documentation import Documentation


def of_every_source(column: str) -> dict[str, Any]:
    """A value for each field of `RowsSpec`, `column` being the name of a feature."""
    return {"sealed_fraction": 0.5} | _STATED | _of(column)


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
