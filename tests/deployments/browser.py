"""A real browser for the tests: Debian's Chromium, installed where it is missing, driven by Playwright."""

import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Locator, sync_playwright
from playwright.sync_api import Page as Tab

from tests.debian import Missing, installed

PATIENCE_S = 120.0
PROGRAM = Path("/usr/bin/chromium")
T = TypeVar("T")
CLICKED = "a, button, [role=tab], [role=menuitem], [role=option], [role=combobox]"


class Page:
    """A tab of the browser.

    Playwright keeps an event loop running on the thread that it is used from, where nobody else could then
    start one (Prefect's client does): so it has a thread of its own.
    """

    def __init__(self, tab: Tab, thread: ThreadPoolExecutor) -> None:
        self._tab, self._thread = tab, thread

    def do(self, what: Callable[[Tab], T]) -> T:
        """What Playwright's own page is asked for."""
        return self._thread.submit(what, self._tab).result()

    def open(self, url: str) -> None:
        self.do(lambda tab: tab.goto(url))

    def value(self, expression: str) -> Any:
        """What JavaScript says in the page; a promise is waited for."""
        return self.do(lambda tab: tab.evaluate(expression))

    def until(self, expression: str, patience_s: float = PATIENCE_S) -> Any:
        """Asks again, less and less often, until it is so: the page is laid out anew to say what it shows."""
        deadline, pause_s = time.monotonic() + patience_s, 0.05
        while time.monotonic() < deadline:
            if found := self.value(expression):
                return found
            time.sleep(pause_s)
            pause_s = min(1.3 * pause_s, 0.5)
        shown = self.value("location.href + ' ' + document.body.innerText.slice(0, 500)")
        raise AssertionError(f"not so within {patience_s:.0f} s: {expression}; the page shows {shown}")

    def shows(self, text: str) -> None:
        """Waits until the page says it."""
        self.until(f"document.body.innerText.includes({text!r})")

    def resize(self, width_px: int, height_px: int) -> None:
        """Shows the page as a screen of that size does."""
        self.do(lambda tab: tab.set_viewport_size({"width": width_px, "height": height_px}))

    def picture(self) -> bytes:
        """What is on the screen, as PNG, once what moves has come to rest."""
        return self.do(lambda tab: tab.screenshot(animations="disabled"))

    def as_printed(self) -> None:
        """Shows the page by its rules for print."""
        self.do(lambda tab: tab.emulate_media(media="print"))

    def click(self, text: str) -> None:
        """Clicks on what bears the text: a button, a tab, a choice.

        Playwright waits until it is there, stands still and is not covered.
        """
        self.do(lambda tab: _bearing(tab, text).click())

    def choose(self, now: str, choice: str) -> None:
        """Opens the list that shows `now` and takes a choice; a list on its way out takes the next click."""
        self.click(now)
        self.click(choice)
        self.do(lambda tab: tab.locator("[role=option]").first.wait_for(state="detached"))

    def click_at(self, selector: str) -> None:
        """Clicks on the first that a CSS selector finds."""
        self.do(lambda tab: tab.locator(selector).first.click())

    def type(self, text: str) -> None:
        """Types into the field that has the focus."""
        self.do(lambda tab: tab.keyboard.insert_text(text))

    def press(self, key: str) -> None:
        self.do(lambda tab: tab.keyboard.press(key))


def _bearing(tab: Tab, text: str) -> Locator:
    """The last of them: what lies over a page (a dialog, an open list) is put at its end."""
    bears = re.compile(rf"^\s*{re.escape(text)}\s*$")
    return tab.locator(CLICKED).filter(has_text=bears, visible=True).last


@contextmanager
def opened(*, rebound: str = "rebound.example") -> Iterator[Page]:
    """A browser with one empty page; the name `rebound` leads here, as a hostile name server has it.

    Where there is none and none can be had, the test is skipped; in CI it fails.
    """
    try:
        program = installed(PROGRAM, "chromium")
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with ThreadPoolExecutor(1, "browser") as thread:
        drive = thread.submit(sync_playwright().start).result()
        try:
            start = partial(
                drive.chromium.launch,
                executable_path=program,
                args=[f"--host-resolver-rules=MAP {rebound} 127.0.0.1", "--no-proxy-server"],
            )
            browser = thread.submit(start).result()
            tab = thread.submit(browser.new_page, viewport={"width": 1280, "height": 900}).result()
            thread.submit(tab.set_default_timeout, 1000 * PATIENCE_S).result()
            yield Page(tab, thread)
            thread.submit(browser.close).result()
        finally:
            thread.submit(drive.stop).result()
