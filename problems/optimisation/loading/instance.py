"""A loaded instance, and what a solver may know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from escalation.model.blob import Blob
from escalation.model.identity import digest_json
from escalation.model.problem import Target
from problems.optimisation.loading.about import about
from problems.optimisation.model.models import Model, dump


@dataclass(frozen=True)
class OptimisationView:
    """What a solver may know: everything about the instance, and what to aim at.

    Attributes:
        model: one of the five kinds.
        metric: `gap`, `absolute_gap` or `objective`.
        limit: the value of the metric that is to be reached, in the user's units.
        search_s: seconds of elapsed time that a tier may search.
    """

    model: Model
    metric: str
    limit: float
    search_s: float

    @cached_property
    def blob(self) -> Blob:
        """The model as input of work; `models.parse_model` reads it."""
        return Blob(dump(self.model))

    @property
    def aim(self) -> dict[str, Any]:
        """The metric and its limit as parameters of work; `metrics.reached` reads them."""
        return {"metric": self.metric, "limit": self.limit}

    @property
    def digest(self) -> str:
        return digest_json([self.blob.digest, self.metric, self.limit, self.search_s])


@dataclass(frozen=True)
class OptimisationInstance:
    """A model, where it came from, and what was done to it on the way.

    Attributes:
        model: one of the five kinds.
        search_s: seconds of elapsed time that a tier may search.
        source: where it comes from: file names with their digests, or the generator with its parameters.
        remarks: what was done to it that a reader should know (loops dropped, repeated edges summed).
    """

    model: Model
    search_s: float
    source: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        return digest_json([self.model.digest, self.search_s])

    def describe(self) -> dict[str, Any]:
        """Returns small JSON data for the record."""
        return {
            "kind": self.model.kind,
            "size": self.model.size,
            "source": dict(self.source),
            "remarks": list(self.remarks),
            "model": self.model.digest,
        }

    def about(self) -> str:
        """`triage: patients.csv and places.csv, 30 patients, 5 places`."""
        return about(self.model, self.source)

    def view(self, target: Target) -> OptimisationView:
        """Nothing of an optimisation instance is sealed: the proof is in the bound."""
        return OptimisationView(self.model, target.metric, target.limit, self.search_s)
