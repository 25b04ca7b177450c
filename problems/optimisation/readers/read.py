"""What every reader returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from problems.optimisation.model.models import Model


@dataclass(frozen=True)
class Read:
    """A model as it was read.

    Attributes:
        model: of the kind that was asked for.
        source: small JSON data: file names with their SHA-256.
        remarks: what was done to the data on the way.
        where: the place of every patient by id, for complaints.
    """

    model: Model
    source: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
