"""What the report shows of predictions that are no probability of one class: metrics, mix-ups, residuals."""

from typing import TYPE_CHECKING, Any

import numpy as np

from escalation.text.rounding import rounded
from problems.prediction.report.confusion_picture import confusion_picture
from problems.prediction.report.figures import calibration_figure
from problems.prediction.report.pictures import confusion
from problems.prediction.report.predicted_rows import PredictedRows, parts
from problems.prediction.report.survival_figures import survival_figures
from problems.prediction.report.task_figures import residual_figure
from problems.prediction.tasks.task import task
from problems.prediction.tasks.time_to_event import predicted
from toolbox.drawing.html_tables import table

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

BINS = 5


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
    return survival_figures(predicted(rows.outcomes, rows.predictions, rows.asked), name, rows.unit)


def _metrics(rows: PredictedRows) -> str:
    lines = [(name, *rows.bounded(name)) for name in task(rows.asked.task).metrics]
    caption = (
        "Metrics on the rows kept aside; each bound on its own, one-sided 95 %, the certificate's is above"
    )
    return table(("metric", "estimate", "bound"), [line for line in lines if line[1] is not None], caption)


def _subgroups(instance: "TableInstance", metric: str, rows: PredictedRows) -> str:
    lines: list[tuple[Any, ...]] = []
    for column, name, part in parts(instance, rows):
        remark = "small: too few rows to tell" if part.small else ""
        lines.append((column, name, len(part.outcomes), *part.bounded(metric), remark))
    caption = "Subgroups: each bound on its own, one-sided 95 %; they describe, they are no verdict"
    header = ("column", "subgroup", "rows", metric, "bound", "")
    return table(header, lines, caption) if lines else "<p>No subgroups were declared.</p>"


def _mixed_up(rows: PredictedRows, name: str) -> str:
    """The confusion matrix; of levels by the median of each row's probabilities."""
    names, counts = rows.asked.classes, confusion(rows)
    lines = []
    for place, own in enumerate(names):
        total = int(counts[place].sum())
        share = float(counts[place, place] / total) if total else None
        lines.append((own, *(int(count) for count in counts[place]), total, share))
    caption = "Confusion matrix: rows kept aside of each class, by the class that they were taken for"
    header = ("is", *(f"taken for {each}" for each in names), "rows", "share recognised")
    levels = rows.asked.task == "ordinal"
    drawn = confusion_picture(counts, names, f"{name}-confusion", levels=levels), _sureness(rows, name)
    return _figures(*drawn) + table(header, lines, caption)


def _sureness(rows: PredictedRows, name: str) -> str:
    """Whether the most probable class is right as often as its probability says."""
    right = (rows.predictions.argmax(axis=1) == rows.outcomes.values).astype(np.int64)
    share = "share where the likeliest is right"
    return calibration_figure(right, rows.predictions.max(axis=1), f"{name}-calibration", share)


def _figures(*drawn: str) -> str:
    shown = "".join(f"<figure>{svg}</figure>" for svg in drawn)
    return f'<div class="figures">{shown}</div>'


def _residuals(rows: PredictedRows, name: str) -> str:
    """Residuals against predictions, and what they come to from low to high predictions."""
    predicted, residuals = rows.predictions, rows.outcomes.values - rows.predictions
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
    svg = residual_figure(predicted, residuals, f"{name}-residuals", rows.unit)
    return _figures(svg) + table(header, lines, caption)
