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
from toolbox.drawing.html_tables import table

AT = datetime(2026, 11, 27, tzinfo=UTC)
SETS = (
    ("rows", "n", "coverage", "95 % from", "to", "mean set size", "empty", "one class", "both"),
    ("positive", 42, 0.3333, "0.1956", "0.4955", 1.333, 0.0, 0.6667, 0.3333),
)
MODEL, POINT = clinic("P1", "P2", "P3"), at((0, 0, 0), (1, 1, 4), (1, 1, 10))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A report with a schedule in it."""
    problem = Problem(family="toy", instance={"numbers": [3, 1]}, target=Target(metric="number", at_least=9))
    case = prepare(problem, case_id="c")
    schedule = answers.shown(MODEL, {"solution": encode(MODEL, POINT)}, "n", AT)
    picture = gantt.charts(MODEL, POINT, "answer")[0]
    coverage = table(SETS[0], [SETS[1]], "Prediction sets")
    path = Path(tmp_path_factory.mktemp("report"), "report.html")
    path.write_bytes(
        render(
            case, conclude(case, [], [], CaseStatus.INTERRUPTED), [Section("Schedule", schedule + coverage)],
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


def test_a_table_of_many_columns_is_scrolled_with_a_sign_of_it_and_no_word_is_broken(page: Page) -> None:
    part = "document.querySelector('[aria-label=\"Prediction sets\"]')"
    lines = f"""[...{part}.querySelectorAll('td')].map((cell) => {{
      const text = document.createRange();
      text.selectNodeContents(cell);
      return text.getClientRects().length; }})"""
    page.resize(360, 740)
    assert page.value(f"{part}.scrollWidth > {part}.clientWidth")
    assert page.value(lines) == [1] * 9
    page.until(f"{part}.previousElementSibling.checkVisibility()")
    assert page.value(f"{part}.previousElementSibling.innerText").startswith("Wider than the screen")
    page.resize(1280, 900)
    page.until(f"!{part}.previousElementSibling.checkVisibility()")


def test_the_letters_of_the_first_picture_are_as_large_as_drawn(page: Page) -> None:
    drawn = "document.querySelector('.first svg')"
    for width, height in ((1280, 900), (900, 900), (390, 844)):
        page.resize(width, height)
        assert page.value(f"{drawn}.getBoundingClientRect().width") == page.value(
            f"+{drawn}.getAttribute('width')"
        )
    page.resize(1280, 900)
    assert page.value("document.querySelector('.first .wide').scrollWidth") <= 960


def test_a_hand_on_a_touch_screen_is_told_to_touch_and_reads_by_it(page: Page) -> None:
    def touched(on: bool) -> None:
        page.do(
            lambda tab: tab.context.new_cdp_session(tab).send(
                "Emulation.setTouchEmulationEnabled", {"enabled": on}
            )
        )
        page.do(lambda tab: tab.reload())

    touched(True)
    assert page.value("document.querySelector('.readout').innerText") == "Touch the picture to read it."
    page.value(
        """(() => {
        const box = document.querySelector('.first rect > title').parentElement.getBoundingClientRect();
        document.querySelector('.first svg').dispatchEvent(new PointerEvent('pointerdown',
          {clientX: box.x + 2, clientY: box.y + 2, bubbles: true})); })()"""
    )
    assert page.value("document.querySelector('.readout').innerText").startswith("P1, urgency 5")
    touched(False)


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
