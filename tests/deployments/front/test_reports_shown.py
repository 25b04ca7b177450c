"""Reports as pages: what `tierwise report` writes, and nothing for who asks by a name that is none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from deployments.front.report_pages import report_pages
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem
from escalation.ports.configuration import settings
from records.runtime import open_records, open_runtime
from tests.deployments.test_serving import TOY


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """With two cases."""
    folder = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERWISE_HOME", str(folder))
        settings.cache_clear()
        with open_runtime(settings().model_copy(update={"tracking": 0.0})) as runtime:
            for case_id in ("first", "second"):
                solve(runtime, prepare(Problem.model_validate(TOY), case_id=case_id))
        yield folder
    settings.cache_clear()


@pytest.fixture
def pages(home: Path) -> Client:
    return Client(report_pages)


def test_a_report_is_the_one_that_was_kept(pages: Client) -> None:
    with open_records() as (ledger, store):
        outcome: Any = ledger.case("first").read_outcome()
        kept = store.get(outcome.report)
    answer = pages.get("/first")
    assert (answer.status_code, answer.data) == (200, kept)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy


def test_the_list_has_the_newest_first_and_says_who_is_in(pages: Client) -> None:
    text = pages.get("/", headers={"x-tierwise-user": "<Ada>"}).text
    assert 0 < text.index("/reports/second'") < text.index("/reports/first'")
    assert "signed in as &lt;Ada&gt;" in text


@pytest.mark.parametrize(
    "name",
    ["third", "..%2fledger.db", "%2e%2e", "first%00", "a/b", "first/../first", "%ff", "x" * 300, "'--"],
)
def test_a_name_of_no_case_is_not_found_and_not_repeated(pages: Client, name: str) -> None:
    answer = pages.get(f"/{name}")
    assert answer.status_code == 404
    assert answer.text == pages.get("/nothing").text


def test_nothing_is_taken(pages: Client) -> None:
    assert {pages.open("/first", method=each).status_code for each in ("POST", "PUT", "DELETE")} == {405}


def test_a_record_that_was_changed_is_said_so_at_its_top(pages: Client, home: Path) -> None:
    import sqlite3

    with sqlite3.connect(home / "ledger.db") as connection:
        connection.execute(
            "UPDATE cases SET opened_at = '2020-01-01T00:00:00+00:00' WHERE case_id = 'second'"
        )
    assert 'role="alert">The record of this case is not as it was sealed' in pages.get("/second").text
