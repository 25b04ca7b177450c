"""How much an answer's worth differs from site to site, and what a new site may expect.

Internal-external validation (Royston and others 2004; Steyerberg and Harrell 2016; Riley and others 2016, BMJ
353:i3140; Debray and others 2017, BMJ 356:i6460): the metric in each site that the model never saw, with an
interval, and a random-effects summary with a prediction interval. Metrics from 0 to 1 are pooled on the logit
scale, those from -1 on Fisher's, those without an upper limit on that of logarithms (Debray and others 2017).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from escalation.model.attempt import Candidate
from escalation.text.rounding import rounded
from problems.prediction.report.predicted_rows import PredictedRows
from problems.prediction.tasks.site_values import site_values
from problems.prediction.tasks.task import Asking, TaskMetric, task
from toolbox.arrays.types import Floats
from toolbox.drawing.html_tables import pairs, table, text
from toolbox.stats.random_effects import PooledSites, pooled
from toolbox.stats.site_bounds import LEAST_OF_CLASS, LEAST_ROWS, SiteValue, measured

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

ALPHA = 0.05
LEAST_POOLED = 2
EDGE = 1e-6
COUNTED: Mapping[str, str] = {"binary": "positive", "time_to_event": "events"}
"""Of a task, what of a site's rows is counted beside them."""


@dataclass(frozen=True)
class MetricScale:
    """On which values of sites are nearest to normal.

    Attributes:
        name: in words.
        low: least value of the metric.
        high: largest one, perhaps infinite.
        to: onto the scale.
        back: from it.
        slope: of `to`.
    """

    name: str
    low: float
    high: float
    to: Callable[[Any], Any]
    back: Callable[[Any], Any]
    slope: Callable[[Any], Any]

    def of(self, values: Floats, variances: Floats) -> tuple[Floats, Floats]:
        """By the delta method; a value at either end is taken half a standard error from there."""
        half = np.minimum(np.sqrt(variances) / 2, 0.49 * min(self.high - self.low, 1.0))
        edge = np.maximum(half, EDGE)
        inside = np.clip(values, self.low + edge, self.high - edge)
        return self.to(inside), variances * self.slope(inside) ** 2


LOGIT = MetricScale("logit", 0.0, 1.0, logit, expit, lambda p: 1 / (p * (1 - p)))
FISHER = MetricScale("Fisher's", -1.0, 1.0, np.arctanh, np.tanh, lambda r: 1 / (1 - r**2))
LOGARITHM = MetricScale("logarithmic", 0.0, np.inf, np.log, np.exp, lambda x: 1 / x)


def scale_of(metric: TaskMetric) -> MetricScale:
    """By the values that the metric can have."""
    if metric.high is None:
        return LOGARITHM
    return FISHER if metric.low < 0 else LOGIT


def between_sites(instance: "TableInstance", metric: str, candidate: Candidate, rows: PredictedRows) -> str:
    """Returns HTML on sealed sites, and on open ones as the method states them; empty without sites."""
    if not instance.sites:
        return ""
    names = instance.frame["__group__"].iloc[instance.sealed_index].astype(str).to_numpy(dtype=str)
    named = dict(zip(rows.outcomes.grouped.tolist(), names.tolist(), strict=True))
    found = site_values(metric, rows.outcomes, rows.predictions, rows.asked)
    sealed = [(instance.sites[named[each.site]], each) for each in found]
    shown = _Shown(metric, rows.asked)
    said = shown.sites(sealed, "Between sites: each site kept aside, which no model learnt from")
    told = candidate.notes.get("open_sites")
    if stated := _stated(instance, told):
        caption = "Open sites, each by a model made without it (stated by the method, not verified)"
        return said + shown.sites(stated, caption)
    why = told if isinstance(told, str) else "it did not leave each of them out in turn"
    return f"{said}<p>Of the open sites the method states nothing: {text(why)}.</p>"


def _stated(instance: "TableInstance", told: Any) -> list[tuple[str, SiteValue]]:
    """What the notes of a method say of open sites; nothing where they say it in another form."""
    try:
        return [_site(instance, each) for each in told] if isinstance(told, Sequence) else []
    except (TypeError, KeyError, ValueError):
        return []


def _site(instance: "TableInstance", told: Mapping[str, Any]) -> tuple[str, SiteValue]:
    value, variance = (None if told[name] is None else float(told[name]) for name in ("value", "variance"))
    counts = int(told["rows"]), int(told.get("positives", 0))
    return instance.sites[str(told["site"])], SiteValue(0, *counts, value, variance, None)


@dataclass(frozen=True)
class _Shown:
    """How sites are shown of a metric."""

    metric: str
    asked: Asking

    @property
    def scale(self) -> MetricScale:
        return scale_of(task(self.asked.task).metrics[self.metric])

    @property
    def small(self) -> str:
        """Why a site does not count."""
        needs = self.asked.task != "regression"
        of_kind = f", or than {LEAST_OF_CLASS} of a kind that the metric needs" if needs else ""
        return f"too small: fewer than {LEAST_ROWS} rows{of_kind}"

    def sites(self, sites: list[tuple[str, SiteValue]], caption: str) -> str:
        """A line a site, the best first, and their summary."""
        lines = [self._line(name, each) for name, each in sorted(sites, key=self._order)]
        counted = (COUNTED[self.asked.task],) if self.asked.task in COUNTED else ()
        header = ("site", "rows", *counted, self.metric, "95 % interval", "")
        return table(header, lines, caption) + self._summary([each for _, each in sites])

    def _order(self, named: tuple[str, SiteValue]) -> tuple[bool, float, str]:
        name, each = named
        sign = 1 if task(self.asked.task).metrics[self.metric].side == "at_most" else -1
        return each.value is None, sign * (each.value or 0.0), name

    def _line(self, name: str, each: SiteValue) -> tuple[Any, ...]:
        counts = (each.rows, each.positives) if self.asked.task in COUNTED else (each.rows,)
        if each.value is None:
            return name, *counts, None, None, self.small
        if not each.variance:
            return name, *counts, each.value, None, "no spread within the site"
        low, high = interval(each.value, each.variance, self.scale)
        return name, *counts, each.value, f"{rounded(low)} to {rounded(high)}", ""

    def _summary(self, sites: Sequence[SiteValue]) -> str:
        found = summary(sites, self.scale)
        if found is None:
            return "<p>Too few sites are large enough to say how they differ.</p>"
        values = [value for value, _ in measured(sites)]

        def span(edges: tuple[float, float]) -> str:
            return " to ".join(rounded(float(self.scale.back(edge))) for edge in edges)

        spread = ", ".join(rounded(float(each)) for each in np.quantile(values, (0, 0.5, 1)))
        typical = f"{rounded(float(self.scale.back(found.estimate)))} ({span(found.interval)})"
        lines = [
            ("sites that count", f"{len(values)} of {len(sites)}"),
            ("lowest, median, highest", spread),
            (f"typical site ({self.metric}, random effects)", typical),
            (f"spread between sites (standard deviation, {self.scale.name} scale)", rounded(found.tau)),
        ]
        if found.prediction is not None:
            lines.append(("a new site, 95 % prediction interval", span(found.prediction)))
        return pairs(lines, "Random-effects summary: describes, no verdict rests on it")


def interval(value: float, variance: float, scale: MetricScale = LOGIT) -> tuple[float, float]:
    """Returns the two-sided 95 % interval of one site's metric, normal on the scale."""
    centre, spread = scale.of(np.array([value]), np.array([variance]))
    step = float(stats.norm.ppf(1 - ALPHA / 2)) * float(np.sqrt(spread[0]))
    return float(scale.back(centre[0] - step)), float(scale.back(centre[0] + step))


def summary(sites: Sequence[SiteValue], scale: MetricScale = LOGIT) -> PooledSites | None:
    """Pools the sites that count on the scale; None with fewer than two.

    On the logit scale areas of sites are nearest to normal: Snell and others 2018, Statistical Methods in
    Medical Research 27:3505.
    """
    found = np.array(measured(sites))
    if len(found) < LEAST_POOLED:
        return None
    return pooled(*scale.of(found[:, 0], found[:, 1]), ALPHA)
