"""The pictures of the README show what is there today: `PICTURES_ANEW=1 pytest tests/docs/test_pictures.py`
takes them anew, with the words that are seen in each beside it. Without it, the same pages must still say
these words.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.deployments import run_deployment

from escalation.inputs.settings import ROOT
from flows.naming import case_of
from records.outcomes import outcome
from tests.deployments.browser import Page, opened
from tests.deployments.test_access import log_in
from tests.deployments.test_browser import base

pytestmark = pytest.mark.timeout(900)  # the first of them waits for the server's migration

PICTURES = ROOT / "docs" / "pictures"
CHANGES = re.compile(r"-[0-9a-f]{6}-[0-9a-f]+|\d[\d.]*(?: min \d+)?|(?<=busiest is )Dr \w+")
"""What is another at every run: the case's id, what it took, the one of the best schedules that was found."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with opened() as browser:
        browser.resize(1280, 800)
        yield browser


def kept(name: str, page: Page, seen: str) -> None:
    """Holds the words against those beside the picture, or takes both anew."""
    words = CHANGES.sub("#", seen).strip() + "\n"
    if os.environ.get("PICTURES_ANEW"):
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / f"{name}.png").write_bytes(page.picture())
        (PICTURES / f"{name}.txt").write_text(words, encoding="utf-8")
    assert words == (PICTURES / f"{name}.txt").read_text(encoding="utf-8")


def test_the_pages_in_the_pictures_say_what_they_say_there(page: Page, served: Any, on_server: Any) -> None:
    problem = yaml.safe_load((ROOT / "examples" / "clinic.yaml").read_text(encoding="utf-8"))
    run: Any = run_deployment(
        "escalate/tierwise", parameters={"problem": problem, "folder": str(ROOT / "examples")}
    )
    with get_client(sync_client=True) as client:
        of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
        artifacts = client.read_artifacts(flow_run_filter=of_run)
        case_id = case_of(client.read_flow_run(run.id))
    (answer,) = (each for each in artifacts if each.key and each.key.startswith("answer-"))
    log_in(page, base(served), served.home)
    page.open(f"{base(served)}/v2/artifacts/artifact/{answer.id}")
    page.shows("What it cost:")
    page.until("[...document.querySelectorAll('main img')].some(each => each.naturalWidth > 0)")
    page.until(  # the page may be drawn once more while it is read
        "(link => link && link.getBoundingClientRect().bottom < innerHeight)"
        "(document.querySelector('main a[href*=\"/reports/\"]'))"
    )
    said = str(page.value("document.querySelector('main').innerText"))
    kept("run", page, said.partition("Where it is kept")[0].rpartition("Raw\n")[2])
    report = outcome(case_id).record
    assert report is not None
    page.open(Path(report).as_uri())
    first = "[...document.querySelectorAll('h1, .first p, .first li')]"
    seen = f"{first}.filter(each => each.checkVisibility()).map(each => each.innerText)"
    kept("report", page, str(page.value(f"{seen}.join('\\n')")))
