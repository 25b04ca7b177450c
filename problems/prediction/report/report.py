"""The family's part of the HTML report: what the sealed rows say about every attempt."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.attempt import Attempt, Candidate
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.ports.families import Section
from escalation.text.rounding import Way, at_worst, rounded
from problems.prediction.prediction_sets.split_conformal import WEIGHTED as WEIGHTED_SETS
from problems.prediction.report import figures
from problems.prediction.report.between_sites import between_sites
from problems.prediction.report.by_task import figures_and_tables
from problems.prediction.report.cards import data_card, documentation, model_card
from problems.prediction.report.collision_figures import collision_figures
from problems.prediction.report.judged import judged_model
from problems.prediction.report.predicted_rows import parts, predicted_rows
from problems.prediction.report.sealed_rows import (
    SealedRows,
    coverage,
    judged_rows,
    sided,
)
from problems.prediction.report.task_sets import sets_section
from problems.prediction.report.tripod import checklist
from problems.prediction.tasks.task import outcomes_of, task
from problems.prediction.verify.recomputation import Forged, stated_sets
from problems.prediction.verify.shuffled import in_words
from toolbox.arrays.types import Flags, Ints
from toolbox.drawing.html_tables import notes, pairs, table, text
from toolbox.stats import curves
from toolbox.stats.recalibration import recalibration

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

SUBGROUP_ALPHA = 0.05


def sections(
    instance: "TableInstance",
    target: Target,
    attempts: Sequence[tuple[Attempt, Candidate | None]],
    best: Attempt | None,
) -> list[Section]:
    """Returns sections on the data, each attempt, cards and the guideline; all that is data is escaped."""
    model = judged_model(next((each for each in attempts if each[0] is best), None))
    card, stated = model_card(instance, target, model), documentation(instance)
    return [
        *(_attempt(instance, target, *each, folded=each[0] is not best) for each in attempts),
        _data(instance, target),
        *([card] if card else ()),
        data_card(instance),
        *([stated] if stated else ()),
        checklist(instance, target, model),
    ]


def _data(instance: "TableInstance", target: Target) -> Section:
    lines = [
        ("target", f"{target.in_words(sure=False)}, confidence {target.confidence:g} over the whole case"),
        *_classes(instance),
        ("features", len(instance.columns)),
        ("split", _split(instance)),
    ]
    parts = [("open", instance.open_index), ("kept aside", instance.sealed_index)]
    counts = [_counts(name, instance.frame.iloc[index], instance) for name, index in parts]
    of_two = instance.asked.task == "binary"
    header = ("rows", "all", *(("positive", "prevalence") if of_two else _kinds(instance)), "groups")
    remarks = "".join(f"<p>{text(remark)}</p>" for remark in instance.remarks)
    html = (
        pairs(lines)
        + table(header, counts, "Open rows train; those kept aside, whose outcome no model saw, judge")
        + remarks
    )
    return Section("Data", html, folded=True)


def _split(instance: "TableInstance") -> str:
    """How rows came to be sealed, in words."""
    if instance.by_site:
        return "by site: whole sites are kept aside, drawn from the order of their size, fixed by the seed"
    kept = "groups kept together" if instance.grouped else "equal rows kept together"
    if not instance.time_ordered:
        return f"at random, fixed by the seed, {kept}"
    aside = "; earlier rows of a group of theirs are left out" if instance.grouped else ""
    return f"by time: the latest rows are kept aside{aside}"


def _classes(instance: "TableInstance") -> list[tuple[str, Any]]:
    asked = instance.asked
    if asked.task == "binary":
        return [("positive class", instance.positive), ("negative class", instance.negative)]
    stated = [(name, str(value)) for name, value in asked.parameters.items()]
    return [
        ("task", asked.task),
        *([("classes", ", ".join(asked.classes))] if asked.classes else []),
        *stated,
    ]


def _kinds(instance: "TableInstance") -> list[str]:
    return list(task(instance.asked.task).kinds(instance.sealed_outcomes, instance.asked))


def _counts(name: str, part: Any, instance: "TableInstance") -> tuple[Any, ...]:
    if instance.asked.task != "binary":
        kinds = task(instance.asked.task).kinds(outcomes_of(part), instance.asked).values()
        return name, len(part), *(int(each.sum()) for each in kinds), int(part["__group__"].nunique())
    positive = int(part["__label__"].sum())
    share = positive / len(part) if len(part) else None
    return name, len(part), positive, share, int(part["__group__"].nunique())


def _attempt(
    instance: "TableInstance", target: Target, attempt: Attempt, candidate: Candidate | None, *, folded: bool
) -> Section:
    title = f"Attempt {attempt.number}: {attempt.method} on {attempt.backend}"
    html = [_certificate(attempt.certificate, target)] if attempt.certificate else []
    if attempt.error:
        html.append(f"<p>It failed: {text(attempt.error)}</p>")
    if candidate is None:
        return Section(title, "".join(html) or "<p>It brought no candidate.</p>", folded)
    html.append(f"<p>Chosen: {text(candidate.values.get('chosen'))}</p>")
    if instance.asked.task != "binary":
        html += [_of_task(instance, target, attempt, candidate), _notes(candidate)]
        return Section(title, "".join(html), folded)
    rows = judged_rows(instance, attempt.certificate, candidate)
    if rows is None:
        html.append(NO_FIGURES)
    else:
        html += [
            _figures(rows, target.metric, f"attempt-{attempt.number}"),
            _metrics(rows),
            _subgroups(instance, target, rows),
        ]
        html.append(_between(instance, target, attempt, candidate))
        html.append(_conformal(candidate, rows))
    html.append(_notes(candidate))
    return Section(title, "".join(html), folded)


NO_FIGURES = "<p>No figures: its predictions were not verified, or no rows were kept aside.</p>"


def _of_task(instance: "TableInstance", target: Target, attempt: Attempt, candidate: Candidate) -> str:
    rows = predicted_rows(instance, attempt.certificate, candidate)
    if rows is None:
        return NO_FIGURES
    name = f"attempt-{attempt.number}"
    shown = figures_and_tables(instance, target.metric, rows, name)
    shown += sets_section(instance, candidate, (rows.outcomes, rows.predictions), name)
    return shown + between_sites(instance, target.metric, candidate, rows)


def _between(instance: "TableInstance", target: Target, attempt: Attempt, candidate: Candidate) -> str:
    rows = predicted_rows(instance, attempt.certificate, candidate)
    return "" if rows is None else between_sites(instance, target.metric, candidate, rows)


def _certificate(certificate: Certificate, target: Target) -> str:
    lines = [
        ("status", str(certificate.status)),
        ("what was bounded", certificate.kind),
        ("bound", None if certificate.value is None else at_worst(certificate.value, target)),
        ("estimate", certificate.estimate),
        ("error allowed, α", certificate.alpha),
        ("verifier", certificate.verifier),
        *(("because", reason) for reason in certificate.reasons),
    ]
    if shuffled := in_words(certificate.evidence.get("shuffled_labels")):
        lines.append(("labels shuffled", shuffled))
    compared = [(c.name, c.value, c.difference, c.p_value) for c in certificate.controls]
    header = ("null control", "its value", "candidate better by", "one-sided p")
    return pairs(lines, "Certificate") + (table(header, compared, "Null controls") if compared else "")


def _figures(rows: SealedRows, metric: str, name: str) -> str:
    known = rows.labels, rows.scores
    drawn = [figures.calibration_figure(*known, f"{name}-calibration", weights=rows.weights)]
    drawn.append(figures.benefit_figure(*known, f"{name}-benefit", rows.weights))
    if rows.both_classes:
        area = rows.bounded("roc_auc", SUBGROUP_ALPHA)[0]
        drawn.append(figures.roc_figure(*known, f"{name}-roc", float(area or 0.0), rows.weights))
        drawn += collision_figures(rows, metric, name)
    shown = "".join(f"<figure>{svg}</figure>" for svg in drawn)
    return f'<div class="figures">{shown}</div>'


def _metrics(rows: SealedRows) -> str:
    lines: list[tuple[str, float | None, str | None]] = []
    for name in rows.metrics:
        estimate, limit = rows.bounded(name, SUBGROUP_ALPHA)
        lines.append((name, estimate, sided(name, limit)))
    curve = curves.calibration(rows.labels, rows.scores, rows.weights)
    lines.append(("mean predicted probability", rows.mean(rows.scores), None))
    lines.append(("prevalence", rows.mean(rows.labels), None))
    lines.append(("expected calibration error", curves.calibration_error(curve), None))
    fit = recalibration(rows.labels, rows.scores, rows.weights)
    lines.append(("calibration in the large (ideal 0)", fit.in_the_large, None))
    lines.append(("calibration slope (ideal 1)", fit.slope, None))
    caption = (
        "Metrics on the rows kept aside; each bound on its own, one-sided 95 %, the certificate's is above"
    )
    caption += WEIGHTED if rows.weights is not None else ""
    return table(("metric", "estimate", "bound"), lines, caption)


WEIGHTED = ". Rows are weighted: each counts by its weight, here and in every picture"


def _subgroups(instance: "TableInstance", target: Target, rows: SealedRows) -> str:
    lines = [_subgroup(column, name, target.metric, part) for column, name, part in parts(instance, rows)]
    header = ("column", "subgroup", "rows", "positive", "mean predicted", target.metric, "bound", "")
    caption = "Subgroups: each bound on its own, one-sided 95 %; they describe, they are no verdict"
    return table(header, lines, caption) if lines else "<p>No subgroups were declared.</p>"


def _subgroup(column: str, name: str, metric: str, part: SealedRows) -> tuple[Any, ...]:
    estimate, limit = part.bounded(metric, SUBGROUP_ALPHA)
    shown = sided(metric, limit)
    positive = int(part.labels.sum())
    remark = "small: too few rows to tell" if part.small else ""
    counts = len(part.labels), positive, part.mean(part.scores)
    return column, name, *counts, estimate, shown, remark


def _conformal(candidate: Candidate, rows: SealedRows) -> str:
    try:
        sets = stated_sets(candidate, len(rows.labels))
    except Forged as finding:
        return f"<p>{text(str(finding))}</p>"
    told = candidate.notes.get("conformal")
    told = told if isinstance(told, Mapping) else {}
    if rows.weights is not None:  # a record from before may have some
        return f"<p>No conformal prediction sets: {WEIGHTED_SETS}.</p>"
    if sets is None:
        return f"<p>No conformal prediction sets{text(_because(told))}.</p>"
    covered = sets[np.arange(len(rows.labels)), rows.labels]
    parts = [
        ("all", np.ones(len(covered), bool)),
        ("negative", rows.labels == 0),
        ("positive", rows.labels == 1),
    ]
    lines = [
        _coverage(name, covered[kept], sets[kept], rows.groups[kept]) for name, kept in parts if kept.any()
    ]
    header = ("rows", "n", "coverage", "95 % from", "to", "mean set size", "empty", "one class", "both")
    caption = (
        "Conformal prediction sets: share of rows kept aside whose set holds the true class, exact interval"
    )
    return _promised(candidate, told) + table(header, lines, caption)


def _because(told: Mapping[str, Any]) -> str:
    return f": {told['because']}" if told.get("because") else ""


def _promised(candidate: Candidate, told: Mapping[str, Any]) -> str:
    """What the sets were made for; the method's words, but its thresholds gave the verifier these sets."""
    claim = candidate.values.get("conformal", {})
    limits = [f"{limit:.4g}" for limit in claim.get("thresholds", ())]
    lines = [
        ("nominal coverage", claim.get("coverage")),
        ("thresholds on 1 - P(class), negative and positive", ", ".join(limits)),
        *((name, told[name]) for name in ("method", "guarantee", "caveat") if told.get(name)),
        ("made by another model than the certified one", told.get("model")),
    ]
    promises = told.get("promises", {})
    for name, promise in promises.items() if isinstance(promises, Mapping) else ():
        lines.append((f"calibrated on, {name}", f"{promise.get('rows')} rows"))
    return pairs(lines, "What the conformal sets promise")


def _coverage(name: str, covered: Flags, sets: Flags, groups: Ints) -> tuple[Any, ...]:
    found = coverage(covered, groups)
    sizes = sets.sum(axis=1)
    kinds = [float((sizes == size).mean()) for size in (0, 1, 2)]
    low, high = rounded(found.low, Way.DOWN), rounded(found.high, Way.UP)
    return name, len(covered), found.share, low, high, float(sizes.mean()), *kinds


def _notes(candidate: Candidate) -> str:
    shown: Mapping[str, Any] = {**candidate.notes}
    if not shown:
        return ""
    return (
        "<details><summary>Notes of the method (stated by it, not verified)</summary>"
        f"{notes(shown)}</details>"
    )
