"""What follows from the rest of an export says what the rest says, whoever signed it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest
from markdown_it import MarkdownIt

from escalation.model.calibration import DeviceKind
from escalation.model.problem import Target
from escalation.testing.model_service import ModelService
from records.export import following
from records.export.page import readme
from records.export.payload import ExportPayload
from records.export.verifying import findings, verify_export
from records.export.writing import write
from records.testing.mutations import Files, rehash
from tests.records.export.conftest import CASES, PAID, Site
from tests.records.export.test_beside import lies


def a_word(path: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[path] += b"\n"

    return change


def json_of(path: str, change: Callable[[Any], None]) -> Callable[[Files], None]:
    def changed(files: Files) -> None:
        data = json.loads(files[path])
        change(data)
        files[path] = json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"

    return changed


def of_run(number: int, kind: str, name: str, value: Any) -> Callable[[Files], None]:
    """Another value of a run that MLflow shows."""

    def change(view: Any) -> None:
        assert name in view["runs"][number][kind]
        view["runs"][number][kind][name] = value

    return json_of("data/mlflow.json", change)


def passed(files: Files) -> None:
    """The page on top calls an answer what it is not."""
    assert b"that is accepted" in files["data/README.md"]
    files["data/README.md"] = files["data/README.md"].replace(b"that is accepted", b"that is refused")


SAYS = "does not say what the records say"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (passed, "data/README.md"),
        (a_word("data/ro-crate-metadata.json"), "data/ro-crate-metadata.json"),
        (json_of("data/rungs.json", lambda rungs: rungs.append(rungs[0])), "data/rungs.json"),
        (json_of("data/rungs.json", lambda rungs: rungs[0].update(backend="elsewhere")), "data/rungs.json"),
        (json_of("data/store/index.json", lambda index: index.popitem()), "data/store/index.json"),
        (of_run(0, "metrics", "certificate.value", 1000.0), "data/mlflow.json"),
        (of_run(0, "tags", "tierwise.status", "refused"), "data/mlflow.json"),
        (of_run(0, "params", "seed", "8"), "data/mlflow.json"),
        (of_run(1, "metrics", "submission.0.charged.usd", 0.0), "data/mlflow.json"),
        (of_run(1, "params", "submission.0.job_id", "job-9"), "data/mlflow.json"),
        (a_word("bag-info.txt"), "bag-info.txt"),
        (json_of("data/budgets.json", lambda rows: rows[0].pop("in_words")), "data/budgets.json"),
        (
            json_of("data/approvals.json", lambda rows: rows[0]["in_words"].update(asked_at="2020-01-01")),
            "data/approvals.json",
        ),
        (
            json_of("data/handoffs.json", lambda rows: rows[0]["in_words"].update(money="real")),
            "data/handoffs.json",
        ),
    ],
)
def test_a_file_that_does_not_follow_from_the_records_is_found_though_its_site_signed_it(
    site: Site, change: Callable[[Files], None], path: str
) -> None:
    files = site.bag("paid")
    assert lies(site, dict(files)) == []
    change(files)
    assert f"{path} {SAYS}" in lies(site, files)


@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "refused"), ("events", 1), ("data", "withheld"), ("case", "another"), ("more", 1)],
)
def test_what_the_signature_says_of_the_bag_is_what_the_records_say(
    site: Site, name: str, value: Any
) -> None:
    files = site.bag("paid")
    envelope = json.loads(files["signature/statement.dsse.json"])
    statement = json.loads(b64decode(envelope["payload"]))
    statement["predicate"][name] = value
    envelope["payload"] = b64encode(json.dumps(statement).encode()).decode()
    files["signature/statement.dsse.json"] = json.dumps(envelope).encode()
    assert lies(site, files) == [f"signature: its statement {SAYS}"]


def test_words_of_another_version_are_not_compared_and_that_is_said(
    site: Site, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = site.bag("paid")
    write(files, tmp_path / "out")
    assert verify_export(tmp_path / "out", site.key.public).unchecked == ()
    monkeypatch.setattr(following, "writer", lambda: "0" * 64)
    found = verify_export(tmp_path / "out", site.key.public, other_version=True)
    assert found.findings == ()
    assert "written by another version" in found.unchecked[0]


@pytest.mark.parametrize("case_id", CASES)
def test_what_mlflow_shows_is_there_with_every_run_of_the_case(site: Site, case_id: str) -> None:
    view = json.loads(site.bag(case_id)["data/mlflow.json"])
    attempts = [attempt for attempt, _ in site.ledger.attempts(case_id)]
    assert [run["run"] for run in view["runs"]] == ["case", *(f"attempt {each.number}" for each in attempts)]
    assert view["runs"][0]["tags"]["tierwise.status"] == site.ledger.case(case_id).status
    found = [run["metrics"].get("certificate.value") for run in view["runs"][1:]]
    assert found == [each.certificate.value if each.certificate else None for each in attempts]


def test_a_policy_that_is_not_in_the_export_is_a_finding(site: Site) -> None:
    files = site.bag("paid")
    del files["data/policy.json"]
    rehash(files)
    assert lies(site, files) == ["decisions: data/policy.json is missing"]


MARKUP = "<img src=x onerror=alert(1)> [here](javascript:alert(1)) `code` | # eve"


def test_words_of_others_are_no_markup_in_the_page_and_no_json_in_the_crate(
    make_site: Callable[..., Site],
) -> None:
    one = make_site(service=ModelService())
    assert one.solve("c", PAID, target=Target(metric="number", at_least=9.0)).status == "held"
    (asked,) = one.ledger.approvals("c")
    at = asked.asked_at + 1
    one.ledger.answer(asked.approval_id, granted=True, by=MARKUP, reason=MARKUP, now=at)
    assert one.solve("c", PAID, target=Target(metric="number", at_least=9.0)).status == "accepted"
    files = one.bag("c")
    assert list(findings(files, one.key.public)) == []
    page = MarkdownIt("commonmark").parse(files["data/README.md"].decode())
    kinds = {each.type for token in page for each in (token, *(token.children or ()))}
    assert not kinds & {"html_inline", "html_block", "link_open", "image"}
    assert MARKUP in "".join(each.content for token in page for each in token.children or ())
    people = [
        each
        for each in json.loads(files["data/ro-crate-metadata.json"])["@graph"]
        if each["@type"] == "Person"
    ]
    assert [each["name"] for each in people] == [MARKUP]


def test_the_page_says_when_what_it_came_to_what_it_cost_and_who_was_asked(site: Site) -> None:
    page = site.bag("paid")["data/README.md"].decode()
    for said in ("Opened 20", "Best answer: 9, by quantum/dice on aer", "4.8 USD", "answered by ada"):
        assert said in page
    assert "Nobody was asked" in site.bag("refused")["data/README.md"].decode()
    for path in ("ledger/rows/", "ledger/chain.jsonl", "ledger/lineage.jsonl", "ledger/proof.jsonl"):
        assert f"`{path}`" in page


def test_the_page_says_of_practice_money_that_nobody_is_charged(site: Site) -> None:
    files = {path.removeprefix("data/"): data for path, data in site.bag("paid").items()}
    (row,) = json.loads(files["attempts.json"])
    row["attempt"]["device_kind"] = str(DeviceKind.PRACTICE)
    practised = readme(ExportPayload({**files, "attempts.json": json.dumps([row]).encode()}), "key").decode()
    assert "4.8 USD (practice money, nobody is charged).\n" in practised
    assert "4.8 USD.\n" in files["README.md"].decode()
