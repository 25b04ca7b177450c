"""What a problem file may say about a data set by name."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from problems.prediction.stated.spec import RowsSpec, checked

CONSTRUCTED: Mapping[str, str] = {"quantum_labels": "problems.prediction.quantum.constructed:make"}
"""Makers of constructed data: `make(params, seed) -> (frame, extra)`, the frame with features and a
column `label` of `a` and `b` (the positive class), `extra` what solvers are openly told."""


class DatasetSpec(RowsSpec):
    """A data set by name."""

    dataset: str = Field(description="Its name.")


class ConstructedSpec(DatasetSpec):
    """A data set that is made, with the parameters that a problem file writes beside its name."""

    params: dict[str, Any] = Field(description="What its maker is told.")


def parse(instance: Mapping[str, Any]) -> DatasetSpec:
    """Gathers the parameters of a constructed data set, which its maker checks."""
    if str(instance["dataset"]) not in CONSTRUCTED:
        return checked(DatasetSpec, instance)
    own = {name: value for name, value in instance.items() if name in DatasetSpec.model_fields}
    params = {name: value for name, value in instance.items() if name not in own}
    return checked(ConstructedSpec, {**own, "params": params})
