"""The report as a browser shows it: on a telephone, by keys, filtered, printed, and from one file alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from escalation.engine.concluding import conclude
from escalation.engine.opening import prepare
from escalation.engine.runtime import Recorded
from escalation.model.case import CaseStatus
from escalation.model.problem import Problem, Target
from escalation.ports.families import Section
from problems.optimisation.model.points import encode
from problems.optimisation.report import answers, gantt
from records.views.report import render
from tests.deployments.browser import Page, opened
from tests.problems.optimisation.small_clinic import at, clinic

AT = datetime(2026, 11, 27, tzinfo=UTC)
MODEL, POINT = clinic("P1", "P2", "P3"), at((0, 0, 0), (1, 1, 4), (1, 1, 10))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A report with a schedule in it."""
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=9))
    case = prepare(problem, case_id="c")
    schedule = answers.shown(MODEL, {"solution": encode(MODEL, POINT)}, "n", AT)
    picture = gantt.charts(MODEL, POINT, "answer")[0]
    path = Path(tmp_path_factory.mktemp("report"), "report.html")
    path.write_bytes(
        render(
            case, conclude(case, [], [], CaseStatus.INTERRUPTED), [Section("Schedule", schedule)],
            Recorded("2026-11-27T08:00:00+00:00"), picture=picture,
        )
    )  # fmt: skip
    with opened() as browser:
        browser.open(path.as_uri())
        yield browser


def test_nothing_is_fetched_and_the_title_is_what_was_asked(page: Page) -> None:
    assert page.value("performance.getEntriesByType('resource').length") == 0
    assert page.value("document.querySelector('h1').innerText") == "Find a number of at least 9 among 2"


def test_on_a_telephone_only_what_is_wide_by_nature_is_scrolled(page: Page) -> None:
    page.resize(360, 740)
    assert page.value("document.documentElement.scrollWidth") <= 360
    page.value("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.value("document.documentElement.scrollWidth") <= 360
    page.value("document.querySelectorAll('details').forEach((each) => { each.open = false; })")
    page.resize(1280, 900)


def test_a_picture_is_read_by_keys(page: Page) -> None:
    press = "dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
    page.value("document.querySelector('.first svg').focus()")
    assert page.value("document.activeElement.tagName") == "svg"
    page.value(f"document.activeElement.{press}")
    assert page.value("document.querySelector('.readout').innerText") == (
        "P1, urgency 5, 08:00 to 09:00, Dr Chen, Room 1"
    )


def test_a_schedule_is_filtered_by_whom_or_what_one_looks_for(page: Page) -> None:
    page.value(
        "(() => { const field = document.querySelector('[data-filter] input'); field.value = 'dr haddad';"
        "field.dispatchEvent(new Event('input')); })()"
    )
    assert page.value("document.querySelector('[data-filter] [role=status]').textContent") == "2 found"
    rows = "[...document.querySelectorAll('[data-filter] tbody tr')].filter((row) => !row.hidden)"
    assert page.value(f"{rows}.map((row) => row.cells[0].textContent).join()") == "P2,P3"


def test_in_print_what_is_folded_is_shown(page: Page) -> None:
    seen = "document.querySelector('details pre').checkVisibility()"
    assert page.value(seen) is False
    page.as_printed()
    assert page.value(seen) is True
