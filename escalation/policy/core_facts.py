"""The ladder's own facts: problem, budget, quote, device, last attempt."""

from collections.abc import Callable
from enum import StrEnum

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.calibration import DeviceKind
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.facts import (
    AMOUNT,
    ANY,
    COUNT,
    SHARE,
    SIZE,
    CostClass,
    FactSpec,
    FactType,
    FactValue,
    Range,
)
from escalation.model.metered import METERED, Metered
from escalation.model.problem import DataClass, Stage
from escalation.ports.fact_providers import FactContext, FactProvider

Compute = Callable[[FactContext], FactValue | None]
_FOUND: list[FactProvider] = []


def _fact(
    name: str, kind: FactType | Range | type[StrEnum], unit: str = "", cost: CostClass = CostClass.FREE
) -> Callable[[Compute], Compute]:
    """Registers the function as provider of a flag, a text or one of some, or a number within a range.

    Its docstring is what the reference says of it.
    """
    choices = tuple(map(str, kind)) if isinstance(kind, type) else ()
    type_ = (
        FactType.TEXT if isinstance(kind, type) else kind if isinstance(kind, FactType) else FactType.NUMBER
    )
    within = kind if isinstance(kind, tuple) else None

    def register(compute: Compute) -> Compute:
        doc = compute.__doc__ or ""
        spec = FactSpec(name=name, type=type_, unit=unit, cost=cost, within=within, choices=choices, doc=doc)
        _FOUND.append(FactProvider(spec, compute))
        return compute

    return register


@_fact("problem.data_class", DataClass)
def data_class(context: FactContext) -> FactValue:
    """public, deidentified or identifiable"""
    return str(context.problem.data_class)


@_fact("problem.data_may_leave_site", FactType.FLAG)
def data_may_leave_site(context: FactContext) -> FactValue:
    """the site lets data of this class leave; public and de-identified ones, unless its settings differ"""
    return context.problem.data_class in context.site.may_leave


@_fact("site.hardware_allowed", FactType.FLAG)
def hardware_allowed(context: FactContext) -> FactValue:
    """the site's settings allow quantum hardware"""
    return context.site.hardware_allowed


@_fact("site.limit_usd", AMOUNT, unit="USD")
def limit_usd(context: FactContext) -> FactValue | None:
    """smallest limit in the ledger that counts for the project; unknown where there is none"""
    return context.site.limit_usd


@_fact("site.unasked_usd", AMOUNT, unit="USD")
def unasked_usd(context: FactContext) -> FactValue | None:
    """what a job on hardware may cost without a person's approval; unknown where every one is asked about"""
    return context.site.unasked_usd


@_fact("site.simulable_log2", SIZE, cost=CostClass.LOCAL)
def simulable_log2(context: FactContext) -> FactValue | None:
    """base-2 logarithm of the amplitudes that the largest simulator of this site holds"""
    return context.simulable_log2


@_fact("problem.stage", Stage)
def stage(context: FactContext) -> FactValue:
    """retrospective, silent, assisted or live"""
    return str(context.problem.stage)


@_fact("problem.confidence", SHARE)
def confidence(context: FactContext) -> FactValue:
    """confidence that the target asks for"""
    return context.problem.target.confidence


def _left(each: Metered) -> Compute:
    def left(context: FactContext) -> FactValue | None:
        return context.budget[each.name]

    left.__name__ = left.__qualname__ = f"{each.name}_left"
    left.__doc__ = f"{each.words} left; unknown where no budget was stated"
    return left


for _each in METERED:
    _fact(f"budget.{_each.name}_left", AMOUNT, unit=_each.unit)(_left(_each))


_QUOTED = {
    **{each.name: (AMOUNT, each.unit, f"{each.words} the attempt would need at most") for each in METERED},
    "circuits": (COUNT, "", "circuit executions before shots"),
    "shots": (COUNT, "", "shots in total"),
    "qubits": (COUNT, "", "width of the widest circuit"),
    "two_qubit_gates": (COUNT, "", "two-qubit gates of the largest ISA circuit"),
    "two_qubit_depth": (COUNT, "", "two-qubit depth of the deepest ISA circuit"),
    "expected_fidelity": (SHARE, "", "of the worst ISA circuit, from the device's calibration"),
    "simulation_log2": (SIZE, "", "base-2 logarithm of the amplitudes a classical simulation must hold"),
}


def _quoted(field: str) -> Compute:
    def quoted(context: FactContext) -> FactValue | None:
        if context.quote is None:
            return None
        value: FactValue | None = context.quote.quoted(field)
        return value

    quoted.__name__ = quoted.__qualname__ = f"quoted_{field}"
    quoted.__doc__ = _QUOTED[field][2]
    return quoted


for _field, (_within, _unit, _) in _QUOTED.items():
    _fact(f"quote.{_field}", _within, unit=_unit, cost=CostClass.LOCAL)(_quoted(_field))


@_fact("device.kind", DeviceKind)
def device_kind(context: FactContext) -> FactValue | None:
    """classical, ideal simulator, calibrated rehearsal or hardware"""
    return str(context.backend.kind) if context.backend else None


@_fact("device.is_hardware", FactType.FLAG)
def device_is_hardware(context: FactContext) -> FactValue | None:
    """the device counts as hardware evidence"""
    return context.backend.kind is DeviceKind.HARDWARE if context.backend else None


@_fact("device.calibration_age_h", AMOUNT, unit="h", cost=CostClass.LOCAL)
def calibration_age_h(context: FactContext) -> FactValue | None:
    """hours since the device was last calibrated"""
    calibration = context.backend.calibration() if context.backend else None
    return calibration.age_h(context.now) if calibration else None


@_fact("device.available", FactType.FLAG, cost=CostClass.NETWORK)
def device_available(context: FactContext) -> FactValue | None:
    """the device takes work now"""
    return context.backend.available() if context.backend else None


@_fact("device.queue_s", AMOUNT, unit="s", cost=CostClass.NETWORK)
def device_queue_s(context: FactContext) -> FactValue | None:
    """seconds that a job sent now would wait"""
    return context.backend.queue_s() if context.backend else None


@_fact("attempt.count", COUNT)
def attempts_made(context: FactContext) -> FactValue:
    """attempts made so far"""
    return float(len(context.attempts))


@_fact("attempt.status", CertificateStatus)
def last_status(context: FactContext) -> FactValue | None:
    """status of the last attempt's certificate"""
    certificate = _certificate(context)
    return str(certificate.status) if certificate else None


@_fact("attempt.value", ANY)
def last_value(context: FactContext) -> FactValue | None:
    """bound that the last attempt's certificate gives"""
    certificate = _certificate(context)
    return certificate.value if certificate else None


@_fact("attempt.failed", FactType.FLAG)
def last_failed(context: FactContext) -> FactValue | None:
    """the last attempt ended without a candidate"""
    last = _last(context)
    return last.status is AttemptStatus.FAILED if last else None


@_fact("controls.count", COUNT)
def controls_count(context: FactContext) -> FactValue | None:
    """null controls of the last attempt"""
    certificate = _certificate(context)
    return float(len(certificate.controls)) if certificate else None


@_fact("controls.worst_p_value", SHARE)
def controls_worst_p_value(context: FactContext) -> FactValue | None:
    """largest p-value of the paired tests against the null controls"""
    certificate = _certificate(context)
    controls = certificate.controls if certificate else ()
    return max((control.p_value for control in controls), default=None)


def _last(context: FactContext) -> Attempt | None:
    return context.attempts[-1] if context.attempts else None


def _certificate(context: FactContext) -> Certificate | None:
    last = _last(context)
    return last.certificate if last else None


CORE_FACTS: tuple[FactProvider, ...] = tuple(_FOUND)
OF_RECORD = frozenset(
    each.spec.name
    for each in CORE_FACTS
    if each.spec.name.startswith(("attempt.", "controls."))
    or each.spec.name in ("problem.data_class", "problem.stage", "problem.confidence")
)
"""Those that follow from the problem and the attempts alone, so that a record tells them at any time."""
FOR_ALL_RUNGS = ("problem.", "site.", "budget.", "attempt.", "controls.")
"""How the names of those begin that are the same for every rung of a decision."""
