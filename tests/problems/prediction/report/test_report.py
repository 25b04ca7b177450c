"""What a reader sees: numbers against hand-made tables, escaping, the same bytes twice."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.problem import Target, Tier
from escalation.model.quote import Quote
from escalation.ports.families import Section
from problems.prediction.report.report import sections
from problems.prediction.tasks.task import Asking
from problems.prediction.verify.certify import certify

TARGET = Target(metric="roc_auc", at_least=0.7)


def attempt(bench: Any, candidate: Any, **changes: Any) -> Any:
    certificate = certify(bench.instance, TARGET, candidate, (), 0.05) if candidate else None
    fields = {
        "number": 0,
        "tier": Tier.HPC,
        "method": "nested_cv",
        "backend": "mpi",
        "device_kind": "classical",
        "seed": 1,
        "quote": Quote(),
        "status": AttemptStatus.CERTIFIED,
        "certificate": certificate,
    }
    return Attempt(**{**fields, **changes}), candidate


class Balanced(HTMLParser):
    """Fails on a tag that is not closed in order; collects ids."""

    def __init__(self, html: Any) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.ids: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: Any, attrs: Any) -> None:
        self.stack.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag: Any, attrs: Any) -> None:
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: Any) -> None:
        assert self.stack.pop() == tag


def first(pattern: str, html: str) -> str:
    found = re.search(pattern, html)
    assert found is not None
    return found.group(found.re.groups)


def shown(instance: Any, *tries: Any) -> list[Section]:
    """The sections of a case whose answer is that of its first attempt."""
    return sections(instance, TARGET, tries, tries[0][0] if tries else None)


def html_of(found: Any) -> Any:
    return "".join(section.html for section in found)


@pytest.mark.parametrize("best", [0, 1])
def test_the_attempt_that_gave_the_answer_stands_open_and_the_cards_are_of_its_model(
    bench: Any, best: int
) -> None:
    tries = [attempt(bench, bench.candidate(), number=n, method=f"way_{n}") for n in (0, 1)]
    found = sections(bench.instance, TARGET, tries, tries[best][0])
    assert [part.title for part in found if not part.folded] == [f"Attempt {best}: way_{best} on mpi"]
    card = next(part for part in found if part.title == "Model card")
    assert f"hpc/way_{best} on mpi" in card.html


def test_every_attempt_has_its_figures_and_tables(bench: Any) -> None:
    candidate = replace(bench.with_sets((0.7, 0.7)), controls={"itself": bench.candidate()})
    tries = [attempt(bench, candidate), attempt(bench, candidate, number=1)]
    found = shown(bench.instance, *tries)
    assert [section.title for section in found] == [
        *(f"Attempt {n}: nested_cv on mpi" for n in (0, 1)),
        "Data",
        "Model card",
        "Data card",
        "Reporting guideline",
    ]
    assert [section.folded for section in found] == [False, True, True, True, True, True]
    for section in found[:2]:
        for word in (
            "Calibration curve",
            "Decision curve",
            "ROC curve",
            "Subgroups",
            "Conformal",
            "Null controls",
        ):
            assert word in section.html
    page = Balanced(html_of(found))
    assert page.stack == []
    assert len(page.ids) == len(set(page.ids))


def test_the_report_is_the_same_bytes_twice(bench: Any) -> None:
    tries = [attempt(bench, bench.candidate())]
    assert shown(bench.instance, *tries) == shown(bench.instance, *tries)


def test_nothing_is_loaded_from_elsewhere(bench: Any) -> None:
    html = html_of(shown(bench.instance, attempt(bench, bench.candidate())))
    assert not re.search(r'(src|href)="(?!#)', html)
    assert "@import" not in html
    assert "<script" not in html


def test_whatever_comes_from_data_is_escaped(bench: Any) -> None:
    evil = "<script>alert('&')</script>"
    names = tuple(evil if row < 50 else "b" for row in range(100))
    hostile = replace(
        bench,
        instance=replace(
            bench.instance, subgroups={evil: names}, asked=Asking("binary", ("well", evil)), remarks=(evil,)
        ),
    )
    candidate = hostile.candidate()
    candidate = replace(
        candidate,
        values={**candidate.values, "chosen": evil},
        notes={evil: [{evil: evil}], "x": [evil, [evil]]},
    )
    tries = [attempt(hostile, candidate, error=evil, method="m")]
    html = html_of(shown(hostile.instance, *tries))
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 8
    assert Balanced(html).stack == []


def test_predictions_that_were_not_verified_are_not_drawn(bench: Any, as_npy: Any) -> None:
    forged = bench.candidate(sealed_scores=as_npy(np.full(100, 0.5)))
    html = html_of(shown(bench.instance, attempt(bench, forged)))
    assert "<svg" not in html
    assert "forged predictions" in html


def test_an_attempt_without_a_candidate_says_why(bench: Any) -> None:
    html = shown(bench.instance, attempt(bench, None, error="timed out after 3 s"))[0].html
    assert "timed out after 3 s" in html


def test_small_subgroups_are_flagged_and_big_ones_are_not(bench: Any) -> None:
    html = html_of(shown(bench.instance, attempt(bench, bench.candidate())))
    older = first(r"<tr><td>age</td><td>older</td>.*?</tr>", html)
    younger = first(r"<tr><td>age</td><td>younger</td>.*?</tr>", html)
    assert "small" in older
    assert "small" not in younger


def test_coverage_of_conformal_sets_is_counted_with_its_exact_interval(bench: Any) -> None:
    labels = bench.instance.sealed_labels
    scores = bench.fit(index=bench.instance.open_index[:40]).predict_proba(
        bench.instance.sealed_features[["x0", "x1"]]
    )[:, 1]
    wrong = np.where(labels == 1, 1 - scores, scores)
    # thresholds that hold 45 of the 50 rows of each class
    low, high = (float(np.sort(wrong[labels == label])[44:46].mean()) for label in (0, 1))
    sizes = (scores <= low).astype(int) + (1 - scores <= high)
    html = html_of(shown(bench.instance, attempt(bench, bench.with_sets((low, high)))))
    cells = first(r"<tr><td>all</td>(.*?)</tr>", html)
    numbers = [float(cell) for cell in re.findall(r">([\d.]+)<", cells)]
    # Clopper-Pearson for 90 of 100: 0.82378 to 0.95099 (R's binom.test), the interval rounded outwards
    kinds = [float(np.mean(sizes == size)) for size in (0, 1, 2)]
    assert numbers == pytest.approx([100, 0.9, 0.8237, 0.9510, sizes.mean(), *kinds], abs=5e-5)


def test_rows_of_one_class_are_shown_without_a_roc_curve(make_bench: Any) -> None:
    bench = make_bench(labels=[*(np.arange(80) % 2), *np.ones(100, int)])
    html = html_of(shown(bench.instance, attempt(bench, bench.candidate())))
    assert "ROC curve" not in html
    assert "Calibration curve" in html


# ---- the numbers behind the figures ------------------------------------------------------------------------


def test_intervals_of_a_number_are_listed_from_low_to_high(bench: Any) -> None:
    intervals = ("> 81", "> 58, ≤ 71", "> 71, ≤ 81", "≤ 9", "> 9, ≤ 58")
    names = tuple(intervals[row % 5] for row in range(100))
    listed = replace(bench, instance=replace(bench.instance, subgroups={"age": names}))
    html = html_of(shown(listed.instance, attempt(listed, listed.candidate())))
    found = re.findall(r"<tr><td>age</td><td>(.*?)</td>", html)
    assert found == ["≤ 9", "&gt; 9, ≤ 58", "&gt; 58, ≤ 71", "&gt; 71, ≤ 81", "&gt; 81"]


@pytest.mark.parametrize(
    ("time_ordered", "grouped", "words"),
    [
        (False, False, "at random, fixed by the seed, equal rows kept together"),
        (False, True, "at random, fixed by the seed, groups kept together"),
        (True, False, "by time: the latest rows are kept aside"),
        (
            True,
            True,
            "by time: the latest rows are kept aside; earlier rows of a group of theirs are left out",
        ),
    ],
)
def test_the_report_says_how_rows_were_sealed(
    bench: Any, time_ordered: bool, grouped: bool, words: str
) -> None:
    instance = replace(bench.instance, time_ordered=time_ordered, grouped=grouped)
    assert f">{words}<" in shown(instance)[0].html
