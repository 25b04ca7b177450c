"""The family's part of the HTML report: the answer, how far it can be from the best, and what proves that."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from escalation.model.attempt import Attempt, Candidate
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.problem import Target
from escalation.ports.families import Section
from escalation.text.rounding import Way, at_best, at_worst, rounded, seconds
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.models import Model, sign
from problems.optimisation.report import answers, timeline
from problems.optimisation.report.exports import verified_at
from toolbox.drawing.html_parts import wide_figures
from toolbox.drawing.html_tables import notes, pairs, table, text

KINDS: Mapping[str, str] = {
    "appointments": "appointments: weighted waiting, in weighted hours, as little as can be",
    "triage": "triage: benefit of the patients placed, as much as can be",
    "qubo": "quadratic unconstrained binary optimisation",
    "max_cut": "maximum cut: weight of the edges between two sides, as much as can be",
    "independent_set": "maximum independent set: vertices without a common edge, as many as can be",
}

SENTENCES = ("stopped", "determinism", "deterministic")
PARTS: Mapping[str, str] = {
    "learned": "How history divided the time, and what that rests on",
    "reduction": "How the instance was made smaller",
    "circuits": "Circuits",
    "samples": "Samples: from the device, and uniformly random",
    "readout": "Readout",
}
"""Notes of a method that are shown at once."""


def sections(
    instance: OptimisationInstance,
    target: Target,
    attempts: Sequence[tuple[Attempt, Candidate | None]],
    best: Attempt | None,
) -> list[Section]:
    """Returns one section on the instance and one an attempt, as trusted HTML; all data are escaped."""
    return [
        *(_attempt(instance.model, target, *each, folded=each[0] is not best) for each in attempts),
        _instance(instance, target),
    ]


def _instance(instance: OptimisationInstance, target: Target) -> Section:
    lines = [
        ("kind", KINDS[instance.model.kind]),
        ("size", instance.model.size),
        ("target", target.in_words(sure=False)),
        ("time to search, each tier", f"{seconds(instance.search_s)} s"),
    ]
    remarks = "".join(f"<p>{text(remark)}</p>" for remark in instance.remarks)
    source = f"<h4>Source</h4>{notes(dict(instance.source))}" if instance.source else ""
    return Section("Instance", pairs(lines) + remarks + source, folded=True)


def _attempt(
    model: Model, target: Target, attempt: Attempt, candidate: Candidate | None, *, folded: bool
) -> Section:
    title = f"Attempt {attempt.number}: {attempt.method} on {attempt.backend}"
    html = [f"<p>It failed: {text(attempt.error)}</p>"] if attempt.error else []
    if candidate is None:
        return Section(title, "".join(html) or "<p>It brought no candidate.</p>", folded)
    html.append(_answer(model, candidate, attempt.certificate))
    if attempt.certificate:
        html.append(_certificate(attempt.certificate, target))
    name = f"attempt-{attempt.number}"
    if attempt.certificate is None or attempt.certificate.status is CertificateStatus.INVALID:
        html.append("<p>The answer is not shown: it was not verified.</p>")
    else:
        html.append(answers.shown(model, candidate.values, name, verified_at(attempt)))
    html.append(_search(model, candidate, name))
    return Section(title, "".join(html), folded)


def _answer(model: Model, candidate: Candidate, certificate: Certificate | None) -> str:
    """What the method claims, beside what the verifier found; a dash is what it could not find."""
    claimed = {key: _stated(model, candidate.values.get(key)) for key in ("objective", "bound")}
    found = certificate.evidence if certificate else {}
    bound = "bound: no answer is " + ("lower" if sign(model) > 0 else "higher")
    worse, beyond = (Way.UP, Way.DOWN) if sign(model) > 0 else (Way.DOWN, Way.UP)
    rows = [
        ("objective", _short(claimed["objective"], worse), _short(found.get("objective"), worse)),
        (bound, _short(claimed["bound"], beyond), _short(found.get("bound"), beyond)),
        ("open gap", _gap(**claimed), _gap(found.get("objective"), found.get("bound"))),
        ("found by", candidate.values.get("engine"), None),
        ("proof of the bound", None, found.get("how")),
    ]
    return table(("", "the method states", "the verifier found"), rows, "Answer")


def _stated(model: Model, value: Any) -> float | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value / model.scale if whole else None


def _exact(value: Any) -> Any:
    """A float with all the digits that an objective may have; anything else as it is."""
    return f"{value:.12g}" if isinstance(value, float) else value


def _short(value: Any, way: Way) -> str | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return rounded(value, way) if known else None


def _gap(objective: Any, bound: Any) -> str | None:
    """The open gap in the stated unit and in per cent; None where one of the two is unknown."""
    if not isinstance(objective, int | float) or not isinstance(bound, int | float):
        return None
    cost, gap = (abs(Fraction(str(value))) for value in (objective, objective - bound))
    share = f" ({rounded(100 * gap / cost, Way.UP)} % of the objective)" if cost else ""
    return rounded(gap, Way.UP) + share


def _certificate(certificate: Certificate, target: Target) -> str:
    lines = [
        ("status", str(certificate.status)),
        ("finding", certificate.kind),
        *_values(certificate, target),
        ("verifier", certificate.verifier),
        *(("because", reason) for reason in certificate.reasons),
    ]
    found = {name: _exact(value) for name, value in certificate.evidence.items()}
    evidence = f"<h4>What the verifier rests it on</h4>{notes(found)}" if found else ""
    return pairs(lines, "Certificate") + evidence + _controls(certificate)


def _values(certificate: Certificate, target: Target) -> list[tuple[str, str]]:
    value, best, estimate = certificate.value, certificate.best_possible, certificate.other_estimate
    lines = [("value", None if value is None else at_worst(value, target))]
    lines.append(("estimate", None if estimate is None else rounded(estimate)))
    lines.append(("no answer is better than", None if best is None else at_best(best, target)))
    lines.append(("tolerance", target.limit_shown if certificate.tolerance else None))
    return [(name, text) for name, text in lines if text is not None]


def _controls(certificate: Certificate) -> str:
    """The same local search from random bits, beside the one from the device's samples."""
    if not certificate.controls:
        return ""
    compared = [(c.name, c.value, c.difference, c.p_value) for c in certificate.controls]
    header = ("null control", "its value", "candidate better by", "one-sided p")
    return table(header, compared, "Null controls: the same search after it, without the device")


def _search(model: Model, candidate: Candidate, name: str) -> str:
    """Notes of the method: how it went and what the engines gave, then all of them as they are."""
    said = dict(candidate.notes)
    if not said:
        return ""
    drawn = timeline.drawn(model, said, f"{name}-timeline")
    lines = [(key, said[key]) for key in SENTENCES if isinstance(said.get(key), str)]
    return (
        "<h4>The search (stated by the method, not verified)</h4>"
        + (pairs(lines) if lines else "")
        + (wide_figures([drawn], "How the search went") if drawn else "")
        + _engines(model, said.get("engines"))
        + "".join(f"<h5>{text(title)}</h5>{notes(said[key])}" for key, title in PARTS.items() if key in said)
        + f"<details><summary>All notes</summary>{notes(said)}</details>"
    )


def _engines(model: Model, found: Any) -> str:
    """Which engine gave how much of it to the others."""
    if not isinstance(found, Mapping):
        return ""
    rows = [_engine(model, name, each) for name, each in found.items() if isinstance(each, Mapping)]
    header = ("engine", "ranks", "answers", "best of them", "bounds", "best of them", "ended")
    return table(header, rows, "What each engine found that was better than what was known") if rows else ""


def _engine(model: Model, name: str, each: Mapping[str, Any]) -> tuple[Any, ...]:
    best = [_exact(_stated(model, each.get(key))) for key in ("best_objective", "best_bound")]
    ranks, ended = (_joined(each.get(key)) for key in ("ranks", "ended"))
    return name, ranks, each.get("points"), best[0], each.get("bounds"), best[1], ended


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else ""
