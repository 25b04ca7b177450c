"""`tierwise serve`: what is asked for reaches who serves."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("args", "asked"),
    [((), (None, False)), (("--practice", "--port", "4301"), (4301, True))],
)
def test_port_and_practice_are_handed_on(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], asked: tuple[Any, bool]
) -> None:
    served: list[Any] = []
    monkeypatch.setattr("deployments.serve.serve", lambda port, practice: served.append((port, practice)))
    assert call("serve", *args).code == 0
    assert served == [asked]
