"""Compiles an instance of any kind into its integer programme."""

from dataclasses import dataclass, field
from functools import lru_cache

from problems.optimisation.forms.programme import Programme
from problems.optimisation.forms.programme_appointments import appointments_programme
from problems.optimisation.forms.programme_bits import (
    independent_set_programme,
    max_cut_programme,
    qubo_programme,
)
from problems.optimisation.forms.programme_triage import triage_programme
from problems.optimisation.model.models import Appointments, IndependentSet, MaxCut, Model, Triage


@dataclass(frozen=True)
class _Keyed:
    """A model that is the same as another when their digests are."""

    digest: str
    model: Model = field(compare=False)


def compile_programme(model: Model) -> Programme:
    """Returns the integer programme; equal models give equal programmes, and the last few are kept.

    It is not to be changed: engines and the verifier share it.
    """
    return _compiled(_Keyed(model.digest, model))


@lru_cache(maxsize=4)
def _compiled(keyed: _Keyed) -> Programme:
    model = keyed.model
    if isinstance(model, Appointments):
        return appointments_programme(model)
    if isinstance(model, Triage):
        return triage_programme(model)
    if isinstance(model, MaxCut):
        return max_cut_programme(model)
    if isinstance(model, IndependentSet):
        return independent_set_programme(model)
    return qubo_programme(model)
