"""`tierwise export`: a case of the records into a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_a_case_is_exported_once(call: Callable[..., Any], desk: Callable[..., Any], tmp_path: Path) -> None:
    desk().run()
    target = tmp_path / "out"
    refused = call("export", "c", "--out", str(target))
    assert (refused.code, refused.out) == (2, "")
    assert "`tierwise keys make`" in refused.err
    assert call("keys", "make").code == 0
    done = call("export", "c", "--out", str(target))
    assert (done.code, done.err) == (0, "")
    assert f"{target}: case c, " in done.out
    assert (target / "bagit.txt").exists()
    again = call("export", "c", "--out", str(target))
    assert again.code == 2
    assert "is there already" in again.err
