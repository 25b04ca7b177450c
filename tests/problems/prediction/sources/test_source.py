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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ValueError("cannot reshape array of size 7 into shape (3)"),
            "(ValueError: cannot reshape array of size … into shape (…))",
        ),
        (EOFError("marker data too short"), "(EOFError: marker data too short)"),
        (
            ValueError("Unknown datetime string format, unable to parse: Smith, position 0"),
            "unable to parse)",
        ),
        (ValueError("could not convert string to float: 'Jane Doe'"), "could not convert string to float)"),
        (KeyError("Jane Doe"), "(KeyError)"),
        (ValueError("invalid literal 'x' in Jane"), "(ValueError)"),
        (ValueError("Given date string Jane not likely a datetime"), "(ValueError)"),
    ],
)
def test_the_reason_of_a_reader_is_told_without_a_value(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: Any) -> Any:
        raise error

    where = "problems.prediction.sources.source.resolve"
    monkeypatch.setattr(where, lambda path: fails if path.endswith(":read") else resolve(path))
    with pytest.raises(BadInput) as caught:
        source.read({"csv": "t.csv", "target": "ill"}, 1, tmp_path)
    assert said in str(caught.value)
    assert not any(word in str(caught.value) for word in ("Jane", "Smith", "7"))
