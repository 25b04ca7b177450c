"""`tierwise keys`: the private half stays, the public one is printed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_the_public_half_alone_is_printed(call: Callable[..., Any], home: Path) -> None:
    none = call("keys", "show")
    assert (none.code, none.out) == (2, "")
    assert "`tierwise keys make`" in none.err
    made = call("keys", "make")
    assert made.code == 0
    assert made.out.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert "PRIVATE" not in made.out + made.err
    assert (home / "signing-key.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    shown = call("keys", "show")
    assert (shown.code, shown.out) == (0, made.out)
    told = json.loads(call("keys", "show", "--json").out)
    assert told["public_key"] == made.out
    assert shown.err == f"key id {told['key_id']}\n"
    again = call("keys", "make")
    assert (again.code, again.out) == (2, "")
