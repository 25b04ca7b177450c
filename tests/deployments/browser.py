"""A real browser for the tests: Debian's Chromium without a window, installed where it is missing."""

import base64
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.debian import Missing, installed

PATIENCE_S = 120.0
PROGRAM = Path("/usr/bin/chromium")


class Page:
    """A tab, spoken to by the Chrome DevTools Protocol."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._ids = connection, count(1)
        self._call("Page.enable")

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression: str) -> Any:
        """What JavaScript says in the page; a promise is waited for."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str, patience_s: float = PATIENCE_S) -> Any:
        """Asks again until it is so."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if found := self.value(expression):
                return found
            time.sleep(0.1)
        shown = self.value("location.href + ' ' + document.body.innerText.slice(0, 500)")
        raise AssertionError(f"not so within {patience_s:.0f} s: {expression}; the page shows {shown}")

    def resize(self, width_px: int, height_px: int) -> None:
        """Shows the page as a screen of that size does."""
        size = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": True}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def picture(self) -> bytes:
        """What is on the screen, as PNG; taken once what moves has come to rest."""
        self.until("document.getAnimations().every(each => each.playState !== 'running')")
        self.value("new Promise(rest => requestAnimationFrame(() => requestAnimationFrame(rest)))")
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def as_printed(self) -> None:
        """Shows the page by its rules for print."""
        self._call("Emulation.setEmulatedMedia", media="print")

    def click(self, text: str) -> None:
        """Clicks on what bears the text: a button, a tab, a choice; in the dialog where one is open."""
        kinds = "button, [role=tab], [role=menuitem], [role=option], [role=combobox]"
        top = "document.querySelector('[role=option], [role=menuitem]') ? null"
        top = f"({top} : document.querySelector('[role=dialog]')) || document"
        self.click_at(f"[...({top}).querySelectorAll('{kinds}')].find(e => e.innerText.trim() === {text!r})")

    def click_at(self, element: str) -> None:
        """Clicks with the mouse in the middle of an element, once it is there."""
        self.until(f"!!({element})")
        x, y = self.value(
            f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'center'}});"
            "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Types into the field that has the focus."""
        self._call("Input.insertText", text=text)

    def press_enter(self) -> None:
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        self._call("Input.dispatchKeyEvent", type="keyDown", **key)
        self._call("Input.dispatchKeyEvent", type="keyUp", **key)

    def _call(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._connection.recv(timeout=PATIENCE_S))
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]


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
    command = [
        str(program),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
    ]
    command += ["--no-first-run", "--disable-background-networking", "--remote-debugging-port=0"]
    command += [f"--host-resolver-rules=MAP {rebound} 127.0.0.1", "--no-proxy-server"]
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Path(folder, "log").open("wb") as log,
    ):
        browser = subprocess.Popen(
            [*command, f"--user-data-dir={folder}/profile", "about:blank"], stdout=log, stderr=log
        )
        try:
            port, path = _address(Path(folder, "profile", "DevToolsActivePort"), browser)
            with connect(_tab(port, path), proxy=None, max_size=None) as connection:
                yield Page(connection)
        finally:
            browser.terminate()
            browser.wait(30)


def _address(file: Path, browser: "subprocess.Popen[bytes]") -> tuple[int, str]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and browser.poll() is None:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) == 2:
            return int(lines[0]), lines[1]
        time.sleep(0.05)
    raise AssertionError(f"the browser did not come up, exit {browser.poll()}")


def _tab(port: int, path: str) -> str:
    """The address of the page that the browser opened."""
    url = f"ws://127.0.0.1:{port}"
    with connect(f"{url}{path}", proxy=None) as browser:
        browser.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        found = json.loads(browser.recv(timeout=PATIENCE_S))["result"]["targetInfos"]
    target = next(each["targetId"] for each in found if each["type"] == "page")
    return f"{url}/devtools/page/{target}"
