"""Cards and guideline: filled from the record, and open about what it does not know."""

import re
from typing import Any

from escalation.model.attempt import AttemptStatus
from escalation.model.certificate import CertificateStatus
from escalation.model.quote import Quote
from problems.classification.report.cards import NOT_TOLD, data_card, model_card
from problems.classification.report.tripod import checklist
from tests.problems.classification.report.test_report import TARGET, attempt


def test_the_data_card_counts_what_is_missing_among_open_rows_alone(bench: Any) -> None:
    html = data_card(bench.instance).html
    rows = re.findall(r"<tr><td>(x\d)</td><td>(\w+)</td><td>.*?</td><td.*?>(\d+)</td>", html)
    assert [name for name, *_ in rows] == [column.name for column in bench.instance.columns]
    frame = bench.instance.frame.iloc[bench.instance.open_index]
    assert [int(count) for *_, count in rows] == [int(frame[name].isna().sum()) for name, *_ in rows]
    assert bench.instance.digest in html
    assert NOT_TOLD in html


def test_the_model_card_is_of_the_best_finding_and_names_its_file(bench: Any) -> None:
    candidate = bench.candidate()
    bounded = attempt(bench, candidate, number=1, method="later")
    worse = bounded[0].certificate.model_copy(update={"status": CertificateStatus.BOUNDED})
    tries = [attempt(bench, candidate), (bounded[0].model_copy(update={"certificate": worse}), candidate)]
    card = model_card(TARGET, tries)
    assert card is not None
    assert "hpc/nested_cv on mpi" in card.html
    for blob in candidate.files.values():
        assert blob.digest in card.html


def test_there_is_no_model_card_without_a_model(bench: Any) -> None:
    failed = attempt(bench, None, status=AttemptStatus.FAILED, quote=Quote(), error="it fell over")
    assert model_card(TARGET, [failed]) is None


def test_every_item_of_the_guideline_stands_once_in_order_and_none_is_claimed_to_comply(bench: Any) -> None:
    html = checklist(bench.instance).html
    numbers = [int(each) for each in re.findall(r"<tr><td[^>]*>(\d+)", html)]
    assert sorted(set(numbers)) == list(range(1, 28))
    assert numbers == sorted(numbers)
    assert "no claim of compliance" in html
