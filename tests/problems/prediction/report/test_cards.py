"""Cards and guideline: filled from the record and from what people state, open about what is not known."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from escalation.model.attempt import AttemptStatus, Candidate
from escalation.model.errors import BadInput
from escalation.model.problem import Target
from escalation.model.quote import Quote
from problems.prediction.loading import load_rows
from problems.prediction.report.cards import NOT_TOLD, data_card, model_card
from problems.prediction.report.judged import judged_model
from problems.prediction.report.report import sections
from problems.prediction.report.tripod import checklist
from problems.prediction.stated.documentation import Documentation
from problems.prediction.tables.instance import TableInstance
from tests.problems.prediction.report.test_report import TARGET, attempt


def rows_of(html: str) -> dict[str, list[str]]:
    """The rows of all tables by their first cell."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    cells = [[unescape(c) for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows]
    return {row[0]: row[1:] for row in cells if row}


def items(instance: Any, *tries: Any, target: Target = TARGET) -> dict[str, list[str]]:
    """Of each item of the guideline: what it asks for, how far it is there, and where."""
    return rows_of(checklist(instance, target, judged_model(tries[0] if tries else None)).html)


@pytest.fixture
def clinic(tmp_path: Path) -> Any:
    """`clinic(**fields)`: 120 rows of two wards, a column that says nothing, ages missing."""
    rows = 120
    frame = pd.DataFrame(
        {
            "patient": [f"p{row}" for row in range(rows)],
            "age": np.arange(rows) * 7 % 41 + 30.0,
            "ward": np.where(np.arange(rows) % 4 == 0, "a", "b"),
            "site": "x",
            "bed": np.arange(rows) * 3 % 7,
            "ill": np.arange(rows) % 2,
        }
    )
    frame.loc[frame.index < 12, "age"] = np.nan
    frame.to_csv(tmp_path / "clinic.csv", index=False)

    def load(**fields: Any) -> TableInstance:
        asked = {"csv": "clinic.csv", "target": "ill", "group": "patient", "drop": ["bed"], **fields}
        return load_rows(asked, 1, tmp_path)

    return load


def test_the_data_card_says_what_every_column_is_used_for(clinic: Any) -> None:
    rows = rows_of(data_card(clinic()).html)
    assert rows["patient"] == ["group: its rows stay together"]
    assert rows["site"] == ["left out: its present values are all the same"]
    assert rows["bed"] == ["left out: named under `drop`"]
    assert rows["ill"] == ["outcome"]
    assert rows["rows left out"] == ["none: every row of the table is open or kept aside"]


def test_the_data_card_describes_each_feature_in_both_parts(clinic: Any) -> None:
    instance = clinic(documentation={"units": {"age": "years"}})
    rows = rows_of(data_card(instance).html)
    ages = [instance.frame["age"].iloc[index] for index in (instance.open_index, instance.sealed_index)]
    numbers = [
        (
            str(sum(np.isnan(part))),
            f"{np.nanmean(part):.4g} ({np.nanstd(part, ddof=1):.4g})",
            f"{np.nanmin(part):g} to {np.nanmax(part):g}",
        )
        for part in ages
    ]
    assert rows["age"] == ["number", "years", *numbers[0], *numbers[1]]
    for place, index in ((3, instance.open_index), (6, instance.sealed_index)):
        wards = list(instance.frame["ward"].iloc[index])
        often, seldom = wards.count("b"), wards.count("a")
        share = (
            f"b {often} ({100 * often / len(wards):.1f} %); a {seldom} ({100 * seldom / len(wards):.1f} %)"
        )
        assert rows["ward"][place] == share


def test_the_model_card_is_of_the_case_s_answer_and_names_its_file(bench: Any) -> None:
    candidate = bench.candidate()
    card = model_card(bench.instance, TARGET, judged_model(attempt(bench, candidate)))
    assert card is not None
    assert "hpc/nested_cv on mpi" in card.html
    for blob in candidate.files.values():
        assert blob.digest in card.html


def test_the_model_card_says_what_the_model_does_and_leaves_the_set_model_out(bench: Any) -> None:
    with_sets = bench.with_sets((0.5, 0.5))
    chosen = replace(with_sets, values={**with_sets.values, "chosen": "ridge (C 1)"})
    stated = replace(bench.instance, documentation=Documentation(units={"x0": "mm"}, intended_use="Triage."))
    card = model_card(stated, TARGET, judged_model(attempt(bench, chosen)))
    assert card is not None
    rows = rows_of(card.html)
    assert rows["algorithm"] == ["logistic regression with a squared (L2) penalty"]
    assert "a missing number is the median of the training rows" in rows["missing values"][0]
    assert rows["inputs"] == ["x0 (mm), x1"]
    assert rows["intended use and users"] == ["Triage."]
    assert rows["uses to avoid"] == [NOT_TOLD]
    assert chosen.files["model"].digest in card.html
    assert chosen.files["set_model"].digest not in card.html


def test_there_is_no_model_card_without_a_model(bench: Any) -> None:
    failed = attempt(bench, None, status=AttemptStatus.FAILED, quote=Quote(), error="it fell over")
    assert model_card(bench.instance, TARGET, judged_model(failed)) is None


@pytest.mark.parametrize("with_model", [False, True])
def test_every_item_of_the_guideline_stands_in_order_and_none_is_claimed_to_comply(
    bench: Any, with_model: bool
) -> None:
    best = attempt(bench, bench.candidate()) if with_model else None
    html = checklist(bench.instance, TARGET, judged_model(best)).html
    numbers = [int(each) for each in re.findall(r"<tr><td[^>]*>(\d+)", html)]
    assert sorted(set(numbers)) == list(range(1, 28))
    assert numbers == sorted(numbers)
    assert "no claim of compliance" in html


def test_a_refused_case_claims_nothing_of_a_model(bench: Any) -> None:
    found = items(bench.instance)
    # what TRIPOD+AI asks of the model, its measures, its predictions and its results
    for number in ("12b", "12c", "12e", "12g", "13", "15", "21", "22", "23a", "23b", "27a", "27b"):
        assert found[number][1:] == ["not applicable", "no model came out of this case"]
    assert found["11"][1] == "in part"
    assert found["12a"][1] == "in this report"  # the split was made all the same


def test_a_model_that_failed_its_check_is_none(bench: Any, as_npy: Any) -> None:
    forged = bench.candidate(sealed_scores=as_npy(np.full(100, 0.5)))
    assert items(bench.instance, attempt(bench, forged))["22"][1] == "not applicable"


def test_what_was_made_stands_in_the_report_and_what_was_not_done_does_not_apply(bench: Any) -> None:
    ridge = bench.candidate()
    chosen: Candidate = replace(ridge, values={**ridge.values, "chosen": "ridge (C 1)"})
    found = items(bench.instance, attempt(bench, chosen))
    assert {number: found[number][1] for number in ("12b", "12e", "12g", "20c", "22")} == dict.fromkeys(
        ("12b", "12e", "12g", "20c", "22"), "in this report"
    )
    assert found["11"][1] == "in this report"
    assert "median of the training rows" in found["11"][2]
    assert found["12f"][1] == found["24"][1] == "not applicable"  # nothing is updated
    assert found["12d"][1] == found["23b"][1] == "not applicable"  # no clusters
    assert found["13"][1:] == [
        "not applicable", "classes were neither resampled nor weighted; prevalence: Data"
    ]  # fmt: skip
    assert "no intervals" in found["23a"][2]
    balanced = Target(metric="balanced_accuracy", at_least=0.5)
    assert items(bench.instance, attempt(bench, chosen), target=balanced)["13"][1] == "in this report"


def test_columns_that_were_left_out_are_named_with_the_choice_of_predictors(clinic: Any) -> None:
    found = items(clinic())
    assert found["9a"][1:] == ["in part", "data card: those used; left out: site, bed"]
    assert found["12d"][1] == "in part"  # patients are kept together


def test_a_statement_of_people_stands_in_full_beside_the_item_that_asks_for_it(clinic: Any) -> None:
    ethics = "Approved by <the> board. " + "It has met. " * 60
    instance = clinic(documentation={"ethics": ethics, "definitions": {"age": "on admission"}})
    found = items(instance)
    assert found["17"][1:] == ["in this report", "Documentation: ethics"]
    assert found["9b"][1:] == ["in part", "Documentation: 1 of 2 features"]
    assert found["18a"][1] == "stays with the people"
    [section] = [each for each in sections(instance, TARGET, [], None) if each.title == "Documentation"]
    assert ethics.strip() in unescape(section.html)
    assert "<the>" not in section.html
    assert not any(each.title == "Documentation" for each in sections(clinic(), TARGET, [], None))


def test_every_field_of_the_documentation_is_shown_and_named_where_the_guideline_asks_for_it(
    clinic: Any,
) -> None:
    columns = ("definitions", "units")
    stated = {name: {"age": f"So: {name}."} if name in columns else f"So: {name}."
              for name in Documentation.model_fields}  # fmt: skip
    html = "".join(section.html for section in sections(clinic(documentation=stated), TARGET, [], None))
    assert [name for name in Documentation.model_fields if f"So: {name}." not in html] == []
    of_cards = {"avoid", "consent", "units", "definitions"}
    of_models = {"threshold", "input_handling", "user_skills"}  # items that do not apply without a model
    named = {name for name in Documentation.model_fields if f"Documentation: {name}" in html}
    assert named == set(Documentation.model_fields) - of_cards - of_models


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        ({"units": {"bed": "number"}}, "documentation.units: 'bed' is no feature"),
        ({"ethic": "yes"}, "unknown field 'documentation.ethic', expected one of background, intended_use"),
        ({"ethics": " "}, "field 'documentation.ethics'"),
        ({"ethics": 3}, "field 'documentation.ethics'"),
        ({"ethics": "x" * 2001}, "field 'documentation.ethics'"),
    ],
)
def test_documentation_without_an_effect_is_refused(clinic: Any, stated: Any, complaint: str) -> None:
    with pytest.raises(BadInput, match=re.escape(complaint)) as refused:
        clinic(documentation=stated)
    assert "\n" not in str(refused.value)
