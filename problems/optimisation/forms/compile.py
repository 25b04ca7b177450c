"""Compiles an instance of any kind into its MIP."""

from dataclasses import dataclass, field
from functools import lru_cache

from problems.optimisation.forms.mip import Mip
from problems.optimisation.forms.mip_appointments import appointments_mip
from problems.optimisation.forms.mip_bits import (
    independent_set_mip,
    max_cut_mip,
    qubo_mip,
)
from problems.optimisation.forms.mip_triage import triage_mip
from problems.optimisation.model.models import Appointments, IndependentSet, MaxCut, Model, Triage


@dataclass(frozen=True)
class _Keyed:
    """A model that is the same as another when their digests are."""

    digest: str
    model: Model = field(compare=False)


def compile_mip(model: Model) -> Mip:
    """Returns the MIP; equal models give equal MIPs, and the last few are kept.

    It is not to be changed: engines and the verifier share it.
    """
    return _compiled(_Keyed(model.digest, model))


@lru_cache(maxsize=4)
def _compiled(keyed: _Keyed) -> Mip:
    model = keyed.model
    if isinstance(model, Appointments):
        return appointments_mip(model)
    if isinstance(model, Triage):
        return triage_mip(model)
    if isinstance(model, MaxCut):
        return max_cut_mip(model)
    if isinstance(model, IndependentSet):
        return independent_set_mip(model)
    return qubo_mip(model)
