"""What a reader meets that it does not know ends in one line, whatever the reader."""

import zlib
from pathlib import Path
from typing import Any

import pytest

from escalation.model.errors import BadInput
from escalation.ports.registry import resolve
from problems.prediction.sources import source


@pytest.mark.parametrize("error", [ValueError("a\nb"), IndexError(), MemoryError(), zlib.error("bad")])
def test_a_reader_that_fails_is_a_complaint_about_its_files(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: Any) -> Any:
        raise error

    where = "problems.prediction.sources.source.resolve"
    monkeypatch.setattr(where, lambda path: fails if path.endswith(":read") else resolve(path))
    with pytest.raises(BadInput, match="the files of table hold what its reader cannot read") as caught:
        source.read({"csv": "t.csv", "target": "ill"}, 1, tmp_path)
    assert "\n" not in str(caught.value)
