"""Price of work on a device that charges: the documented formula, and the cap that is reserved."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from backends.circuits.size import two_qubit_depth
from backends.ibm_runtime import estimate
from escalation.model.amounts import Amounts, Bounds
from escalation.model.calibration import Calibration
from escalation.model.errors import BackendError
from escalation.model.quote import Quote
from escalation.model.submission import Price

if TYPE_CHECKING:
    from backends.ibm_runtime.payload import Sent

ROOM_S = 5.0
"""Seconds that a cap leaves at least above the estimate: small jobs overrun it by more than a factor."""


def qpu_s(calibration: Calibration, sent: Sequence["Sent"]) -> float | None:
    """Estimates the seconds charged, a lower bound; None where the device reports no repetition delay."""
    return estimate.qpu_s(
        calibration,
        [(estimate.length_s(calibration, sent_pub.isa), sent_pub.executions) for sent_pub in sent],
    )


def price(
    calibration: Calibration,
    sent: Sequence["Sent"],
    usd_per_qpu_s: float | None,
    cap_factor: float,
    queue_s: float | None,
) -> Price:
    """Prices a job: its estimate, and the whole seconds after which the service is to stop it.

    Raises:
        BackendError: when the price is unknown.
    """
    seconds = qpu_s(calibration, sent)
    if seconds is None:
        raise BackendError(f"its price is unknown: {calibration.device} reports no repetition delay")
    per_s = known(usd_per_qpu_s)
    cap_s = float(ceil(max(cap_factor * seconds, seconds + ROOM_S)))
    return Price(
        expected=Amounts(qpu_s=seconds, usd=seconds * per_s),
        cap=Amounts(qpu_s=cap_s, usd=cap_s * per_s),
        queue_s=queue_s,
    )


def repriced(price: Price, usd_per_qpu_s: float | None) -> Price:
    """The same seconds at this price for one; unchanged where that is unknown."""
    if usd_per_qpu_s is None:
        return price
    return price.at(usd_per_qpu_s)


def known(usd_per_qpu_s: float | None) -> float:
    """Returns the price of a second.

    Raises:
        BackendError: when it is unknown.
    """
    if usd_per_qpu_s is None:
        raise BackendError("its price is unknown: set TIERWISE_USD_PER_QPU_S to what your plan charges")
    return usd_per_qpu_s


def quote(calibration: Calibration, sent: Sequence["Sent"], usd_per_qpu_s: float | None) -> Quote:
    """Quotes a job: seconds and money as estimated, the rest from its circuits."""
    seconds = qpu_s(calibration, sent)
    total = Quote(
        amounts=Bounds(
            wall_s=seconds or estimate.SUB_JOB_S,
            qpu_s=seconds,
            usd=None if seconds is None or usd_per_qpu_s is None else seconds * usd_per_qpu_s,
        )
    )
    for sent_pub in sent:
        total += Quote(
            circuits=sent_pub.circuits,
            shots=sent_pub.executions,
            qubits=len(sent_pub.isa.qubits),
            two_qubit_gates=len(sent_pub.isa.entanglers),
            two_qubit_depth=two_qubit_depth(sent_pub.isa.entanglers),
            expected_fidelity=estimate.expected_fidelity(calibration, sent_pub.isa),
            simulation_log2=sent_pub.isa.simulation_log2,
        )
    return total


def fidelity(calibration: Calibration, isas: Sequence["Sent"]) -> float | None:
    """Expected fidelity of the worst of the circuits; None where an error that it needs is not reported."""
    values = [estimate.expected_fidelity(calibration, sent_pub.isa) for sent_pub in isas]
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None
