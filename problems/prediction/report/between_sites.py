"""How much an answer's worth differs from site to site, and what a new site may expect.

Internal-external validation (Royston and others 2004; Steyerberg and Harrell 2016; Riley and others 2016, BMJ
353:i3140; Debray and others 2017, BMJ 356:i6460): the metric in each site that the model never saw, with an
interval, and a random-effects summary with a prediction interval.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from escalation.model.attempt import Candidate
from escalation.text.rounding import rounded
from problems.prediction.report.sealed_rows import SealedRows
from toolbox.drawing.html_tables import pairs, table
from toolbox.stats.random_effects import PooledSites, pooled
from toolbox.stats.site_bounds import LEAST_OF_CLASS, LEAST_ROWS, SiteValue, measured, site_values

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance

ALPHA = 0.05
LEAST_POOLED = 2
SMALL = f"too small: fewer than {LEAST_ROWS} rows, or than {LEAST_OF_CLASS} of a class that the metric needs"
EDGE = 1e-6


def between_sites(instance: "TableInstance", metric: str, candidate: Candidate, rows: SealedRows) -> str:
    """Returns HTML on sealed sites, and on open ones as the method states them; empty without sites."""
    if not instance.sites:
        return ""
    names = instance.frame["__group__"].iloc[instance.sealed_index].to_numpy(dtype=str)
    named = {int(number): name for number, name in zip(rows.groups, names, strict=True)}
    found = site_values(metric, rows.labels, rows.scores, rows.groups)
    sealed = [(instance.sites[named[each.site]], each) for each in found]
    said = _sites(metric, sealed, "Between sites: each site kept aside, which no model learnt from")
    stated = _stated(instance, candidate)
    if stated:
        caption = "Open sites, each by a model made without it (stated by the method, not verified)"
        said += _sites(metric, stated, caption)
    return said


def _stated(instance: "TableInstance", candidate: Candidate) -> list[tuple[str, SiteValue]]:
    """What the notes of a method say of open sites; nothing where they say it in another form."""
    told = candidate.notes.get("open_sites")
    try:
        return [_site(instance, each) for each in told] if isinstance(told, Sequence) else []
    except (TypeError, KeyError, ValueError):
        return []


def _site(instance: "TableInstance", told: Mapping[str, Any]) -> tuple[str, SiteValue]:
    value, variance = (None if told[name] is None else float(told[name]) for name in ("value", "variance"))
    counts = int(told["rows"]), int(told["positives"])
    return instance.sites[str(told["site"])], SiteValue(0, *counts, value, variance, None)


def _sites(metric: str, sites: list[tuple[str, SiteValue]], caption: str) -> str:
    lines = [_line(name, each) for name, each in sorted(sites, key=_worst_last, reverse=True)]
    header = ("site", "rows", "positive", metric, "95 % interval", "")
    return table(header, lines, caption) + _summary(metric, [each for _, each in sites])


def _worst_last(named: tuple[str, SiteValue]) -> tuple[float, str]:
    name, each = named
    return -1.0 if each.value is None else each.value, name


def _line(name: str, each: SiteValue) -> tuple[Any, ...]:
    if each.value is None or not each.variance:
        return name, each.rows, each.positives, None, None, SMALL
    low, high = interval(each.value, each.variance)
    return name, each.rows, each.positives, each.value, f"{rounded(low)} to {rounded(high)}", ""


def interval(value: float, variance: float) -> tuple[float, float]:
    """Returns the two-sided 95 % interval of one site's metric, normal on the logit scale."""
    centre, spread = _on_logit(np.array([value]), np.array([variance]))
    step = float(stats.norm.ppf(1 - ALPHA / 2)) * float(np.sqrt(spread[0]))
    return float(expit(centre[0] - step)), float(expit(centre[0] + step))


def summary(sites: Sequence[SiteValue]) -> PooledSites | None:
    """Pools the sites that count on the logit scale; None with fewer than two.

    The scale on which areas of sites are nearest to normal: Snell and others 2018, Statistical Methods in
    Medical Research 27:3505.
    """
    found = np.array(measured(sites))
    if len(found) < LEAST_POOLED:
        return None
    return pooled(*_on_logit(found[:, 0], found[:, 1]), ALPHA)


def _on_logit(values: Any, variances: Any) -> tuple[Any, Any]:
    """By the delta method; a value of 0 or 1 is taken half a standard error from there."""
    half = np.minimum(np.sqrt(variances) / 2, 0.49)
    inside = np.clip(values, np.maximum(half, EDGE), 1 - np.maximum(half, EDGE))
    return logit(inside), variances / (inside * (1 - inside)) ** 2


def _summary(metric: str, sites: Sequence[SiteValue]) -> str:
    found = summary(sites)
    if found is None:
        return "<p>Too few sites are large enough to say how they differ.</p>"
    counted = len(measured(sites))
    values = [value for value, _ in measured(sites)]
    low, high = (rounded(float(expit(edge))) for edge in found.interval)
    lines = [
        ("sites that count", f"{counted} of {len(sites)}"),
        (
            "lowest, median, highest",
            ", ".join(rounded(float(each)) for each in np.quantile(values, (0, 0.5, 1))),
        ),
        (
            f"typical site ({metric}, random effects)",
            f"{rounded(float(expit(found.estimate)))} ({low} to {high})",
        ),
        ("spread between sites (standard deviation, logit scale)", rounded(found.tau)),
    ]
    if found.prediction is not None:
        new = " to ".join(rounded(float(expit(edge))) for edge in found.prediction)
        lines.append(("a new site, 95 % prediction interval", new))
    return pairs(lines, "Random-effects summary: describes, no verdict rests on it")
