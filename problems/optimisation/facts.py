"""Facts of the optimisation family that policies may name."""

from collections.abc import Sequence
from typing import Any

from escalation.model.facts import COUNT, SHARE, SIZE, CostClass, FactSpec, FactType, Range
from escalation.ports.fact_providers import FactContext, FactProvider
from problems.optimisation.loading.instance import OptimisationView
from problems.optimisation.model.metrics import relative_gap
from problems.optimisation.model.models import Appointments, Triage, sign


def variables(context: FactContext) -> float:
    """Variables, vertices or patients."""
    return float(_view(context).model.size)


def density(context: FactContext) -> float | None:
    """Couplings over pairs; schedules have none."""
    model = _view(context).model
    if isinstance(model, Appointments | Triage):
        return None
    from problems.optimisation.forms.spins import spin_form

    form = spin_form(model)
    return 2 * len(form.pairs) / (form.size * (form.size - 1)) if form.size > 1 else 0.0


def open_gap(context: FactContext) -> float | None:
    """The best answer of all attempts over the best bound that the verifier proved again."""
    model = _view(context).model
    costs, bounds = _certified(context, "objective_units"), _certified(context, "bound_units")
    if not costs or not bounds:
        return None
    return relative_gap(min(sign(model) * c for c in costs), max(sign(model) * b for b in bounds))


def quantum_variables(context: FactContext) -> float:
    """Qubits that the circuits of `qaoa` would use at most."""
    from problems.optimisation.quantum.method import known
    from problems.optimisation.quantum.reduction import REDUCED_QUBITS

    circuits = known(_view(context).model)
    return float(circuits.form.size if circuits else REDUCED_QUBITS)


def native_heavy_hex(context: FactContext) -> bool:
    """Whether what the circuits carry lies on a heavy-hex lattice; a neighbourhood is taken not to."""
    model = _view(context).model
    if isinstance(model, Appointments | Triage):
        return False
    from problems.optimisation.quantum.reduction import prepare

    return prepare(model).native


def _view(context: FactContext) -> OptimisationView:
    view = context.view
    if not isinstance(view, OptimisationView):
        raise TypeError(f"expected an optimisation view, got {type(view).__name__}")
    return view


def _certified(context: FactContext, name: str) -> list[int]:
    found: list[Any] = [
        attempt.certificate.evidence.get(name)
        for attempt in context.attempts
        if attempt.certificate is not None
    ]
    return [value for value in found if isinstance(value, int)]


def _spec(name: str, doc: str, within: Range | None = COUNT, cost: CostClass = CostClass.FREE) -> FactSpec:
    """A number within a range, or a flag where there is none."""
    kind = FactType.FLAG if within is None else FactType.NUMBER
    return FactSpec(name=f"optimisation.{name}", type=kind, cost=cost, within=within, doc=doc)


def providers() -> Sequence[FactProvider]:
    """Returns all of them, cheapest first."""
    return (
        FactProvider(_spec("variables", "Variables, vertices or patients of the instance."), variables),
        FactProvider(
            _spec("density", "Couplings over pairs of variables; unknown for schedules.", SHARE), density
        ),
        FactProvider(
            _spec(
                "open_gap",
                "Relative gap between the best answer and the best proven bound of all attempts so far; "
                "unknown before there are both.",
                SIZE,
            ),
            open_gap,
        ),
        FactProvider(
            _spec(
                "quantum_variables",
                "Variables that the circuits would carry at most, after what can be taken out at no loss.",
                cost=CostClass.LOCAL,
            ),
            quantum_variables,
        ),
        FactProvider(
            _spec(
                "native_heavy_hex",
                "The couplings that the circuits carry lie on a heavy-hex lattice, so no swap is needed.",
                within=None,
                cost=CostClass.LOCAL,
            ),
            native_heavy_hex,
        ),
    )
