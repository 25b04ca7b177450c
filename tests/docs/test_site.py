"""The documentation as a site is built without a warning, and reading it asks nothing of the network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from escalation.inputs.settings import ROOT
from tests.deployments.browser import opened

FETCHED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=["'](?:[a-z]+:)?//[^"']*""", re.I)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going"]
    ended = subprocess.run(
        [*command, "-c", "docs/site", "-d", str(made / "trees"), ".", str(made / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return made / "html"


def test_every_page_is_on_the_site_and_found_from_its_first(site: Path) -> None:
    first = (site / "docs/site/index.html").read_text(encoding="utf-8")
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.ipynb")]:
        built = page.relative_to(ROOT).with_suffix(".html")
        assert (site / built).is_file(), built
        if built.name != "index.html":
            assert f'href="{"../" * 2}{built}"'.replace("../../docs/", "../") in first, built


def test_a_file_that_a_page_links_to_comes_with_the_site(site: Path) -> None:
    assert [*site.rglob("clinic.yaml")]


def test_reading_it_fetches_nothing(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 30
    for page in pages:
        assert not FETCHED.findall(page.read_text(encoding="utf-8")), page


WIDER = "document.documentElement.scrollWidth > innerWidth"


def test_it_is_read_on_a_telephone_and_searched_without_a_network(site: Path) -> None:
    with opened() as page:
        page.resize(390, 844)
        for built in (site / "docs/site/index.html", site / "README.html", *site.glob("docs/*/*.html")):
            page.open(built.as_uri())
            assert not page.value(WIDER), f"{built.name} is wider than a telephone"
        page.open(f"{(site / 'search.html').as_uri()}?q=parked")
        page.until("!!document.querySelector('#search-results a[href*=parked-job]')")
