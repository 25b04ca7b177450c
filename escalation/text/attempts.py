"""An attempt in a line: what it was quoted at, and what it came to."""

from collections.abc import Mapping

from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.problem import Target
from escalation.model.quote import Quote
from escalation.text.rounding import at_worst, rounded

CAME_TO: Mapping[CertificateStatus, str] = {
    CertificateStatus.CERTIFIED: "reached",
    CertificateStatus.BOUNDED: "not reached",
    CertificateStatus.HEURISTIC: "nothing proven",
    CertificateStatus.INVALID: "refused by the verifier",
}
"""What a certificate says of the target."""


def proven(certificate: Certificate, target: Target) -> str:
    """`: 0.9713 is proven (estimate 0.9989), asked for at least 0.97`; nothing where no value is."""
    if certificate.value is None:
        return ""
    other = certificate.other_estimate
    estimate = f" (estimate {rounded(other)})" if other is not None else ""
    if certificate.status is CertificateStatus.HEURISTIC:
        return f": {target.metric} {rounded(certificate.value)} is an estimate alone"
    value = at_worst(certificate.value, target)
    return f": {target.metric} {value} is proven{estimate}, asked for {target.limit_in_words}"


def quoted(quote: Quote | None) -> str:
    """What the attempt was quoted at, where anything is known: `, at most 240 s`."""
    if quote is None:
        return ""
    known = [each for name in ("wall_s", "qpu_s", "usd") if (each := _quoted(quote, name))]
    return f", quoted at most {', '.join(known)}" if known else ""


def _quoted(quote: Quote, name: str) -> str:
    value = quote.quoted(name)
    if not value:
        return ""
    return f"{value:.2f} USD" if name == "usd" else f"{value:,.0f} s" + (" of QPU" if name == "qpu_s" else "")
