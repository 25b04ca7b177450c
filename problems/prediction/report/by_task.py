"""What the report shows of predictions that are no probability of one class: metrics, mix-ups, residuals."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.text.rounding import Way, rounded
from problems.prediction.report.survival_figures import survival_figures
from problems.prediction.report.task_figures import confusion_figure, residual_figure
from problems.prediction.tables.subgroups import from_low_to_high
from problems.prediction.tasks.task import Asking, Outcomes, task
from problems.prediction.tasks.time_to_event import predicted
from problems.prediction.verify.judging import sealed
from problems.prediction.verify.recomputation import Forged, stated_scores
from toolbox.arrays.types import Flags, Floats
from toolbox.drawing.html_tables import table
from toolbox.stats import multiclass, ordinal

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

ALPHA = 0.05
BINS = 5
SMALL = 30


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Sealed rows and what an attempt predicted for them."""

    outcomes: Outcomes
    asked: Asking
    predictions: Floats

    def where(self, kept: Flags) -> "PredictedRows":
        """Some of the rows."""
        return replace(self, outcomes=self.outcomes.take(kept), predictions=self.predictions[kept])

    def bounded(self, metric: str) -> tuple[float | None, str | None]:
        """Returns the estimate and what holds of it, None where nothing does."""
        each = task(self.asked.task)
        known = each.metrics[metric]
        lacking = any(not rows.any() for rows in each.needed(metric, self.outcomes, self.asked).values())
        needs = (
            known.needs in ("tolerance", "quantile", "horizon") and known.needs not in self.asked.parameters
        )
        if lacking or needs or not len(self.outcomes):
            return None, None
        found = each.bound(metric, self.outcomes, self.predictions, self.asked, ALPHA)
        if not isfinite(found.value):
            return found.estimate if isfinite(found.estimate) else None, None
        upper = known.side == "at_most"
        said = (
            f"at most {rounded(found.value, Way.UP)}"
            if upper
            else f"at least {rounded(found.value, Way.DOWN)}"
        )
        return found.estimate, said


def predicted_rows(
    instance: "TableInstance", certificate: Certificate | None, candidate: Candidate
) -> PredictedRows | None:
    """Returns the sealed rows with verified predictions; None where nothing verified can be shown."""
    if certificate is None or certificate.status is CertificateStatus.INVALID:
        return None
    if not len(instance.sealed_index):
        return None
    try:
        found = stated_scores(candidate, len(instance.sealed_index), instance.asked)
    except Forged:
        return None
    return PredictedRows(sealed(instance).outcomes, instance.asked, found)


def figures_and_tables(instance: "TableInstance", metric: str, rows: PredictedRows, name: str) -> str:
    """Returns HTML: the pictures of the task with their numbers, all metrics, subgroups."""
    shown = {
        "multiclass": _mixed_up,
        "ordinal": _mixed_up,
        "regression": _residuals,
        "time_to_event": _survival,
    }.get(rows.asked.task)
    pictures = shown(rows, name) if shown else ""
    return pictures + _metrics(rows) + _subgroups(instance, metric, rows)


def _survival(rows: PredictedRows, name: str) -> str:
    unit = str(rows.asked.parameters.get("unit", ""))
    return survival_figures(predicted(rows.outcomes, rows.predictions, rows.asked), name, unit)


def _metrics(rows: PredictedRows) -> str:
    lines = [(name, *rows.bounded(name)) for name in task(rows.asked.task).metrics]
    caption = (
        "Metrics on the rows kept aside; each bound on its own, one-sided 95 %, the certificate's is above"
    )
    return table(("metric", "estimate", "bound"), [line for line in lines if line[1] is not None], caption)


def _subgroups(instance: "TableInstance", metric: str, rows: PredictedRows) -> str:
    lines: list[tuple[Any, ...]] = []
    for column, names in instance.subgroups.items():
        values = np.array([str(name) for name in names], dtype=object)
        for name in sorted(set(values), key=from_low_to_high):
            part = rows.where(np.asarray(values == name, dtype=np.bool_))
            remark = "small: too few rows to tell" if len(part.outcomes) < SMALL else ""
            lines.append((column, name, len(part.outcomes), *part.bounded(metric), remark))
    caption = "Subgroups: each bound on its own, one-sided 95 %; they describe, they are no verdict"
    header = ("column", "subgroup", "rows", metric, "bound", "")
    return table(header, lines, caption) if lines else "<p>No subgroups were declared.</p>"


def _mixed_up(rows: PredictedRows, name: str) -> str:
    """The confusion matrix; of levels by the median of each row's probabilities."""
    decide = ordinal.decided if rows.asked.task == "ordinal" else multiclass.decided
    names = rows.asked.classes
    counts = multiclass.confusion(rows.outcomes.values, decide(rows.predictions), len(names))
    lines = []
    for place, own in enumerate(names):
        total = int(counts[place].sum())
        share = float(counts[place, place] / total) if total else None
        lines.append((own, *(int(count) for count in counts[place]), total, share))
    caption = "Confusion matrix: rows kept aside of each class, by the class that they were taken for"
    header = ("is", *(f"taken for {each}" for each in names), "rows", "share recognised")
    picture = (
        f'<div class="figures"><figure>{confusion_figure(counts, names, f"{name}-confusion")}</figure></div>'
    )
    return picture + table(header, lines, caption)


def _residuals(rows: PredictedRows, name: str) -> str:
    """Residuals against predictions, and what they come to from low to high predictions."""
    predicted, residuals = rows.predictions, rows.outcomes.values - rows.predictions
    unit = str(rows.asked.parameters.get("unit", ""))
    lines = []
    for place, part in enumerate(np.array_split(np.argsort(predicted, kind="stable"), BINS), start=1):
        if not len(part):
            continue
        low, middle, high = np.quantile(residuals[part], (0.05, 0.5, 0.95))
        span = f"{rounded(float(predicted[part].min()))} to {rounded(float(predicted[part].max()))}"
        mean = float(residuals[part].mean())
        lines.append((place, len(part), span, mean, float(middle), float(low), float(high)))
    caption = (
        "Residuals, observed less predicted, from low to high predictions: near 0 in the mean where these "
        "are calibrated"
    )
    header = ("fifth", "rows", "predicted", "mean", "median", "5 %", "95 %")
    svg = residual_figure(predicted, residuals, f"{name}-residuals", unit)
    return f'<div class="figures"><figure>{svg}</figure></div>' + table(header, lines, caption)
