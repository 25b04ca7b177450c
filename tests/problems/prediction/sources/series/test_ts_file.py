"""Files of the UEA and UCR archives, written as their description has it."""

from pathlib import Path

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.series.recordings import Recordings
from problems.prediction.sources.series.ts_file import read_ts

HEAD = (
    "# a comment\n@problemName Small\n@timeStamps false\n@univariate false\n@classLabel true up down\n@data\n"
)


def read(tmp_path: Path, *texts: str) -> Recordings:
    paths = [tmp_path / f"{place}.ts" for place in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return read_ts(paths)


def test_channels_missing_values_unequal_lengths_and_classes_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "1,2,3:4,?,6:up\n\n1,NaN:7,8:down\n")
    assert [case.label for case in found.each] == ["up", "down"]
    assert found.channels == ("channel 1", "channel 2")
    np.testing.assert_equal(found.each[0].signals["channel 2"].values, [4, np.nan, 6])
    np.testing.assert_equal(found.each[1].signals["channel 1"].values, [1, np.nan])
    assert found.each[1].signals["channel 2"].times.tolist() == [0, 1]


def test_files_of_one_problem_stand_below_each_other(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "1:2:up\n", HEAD + "3:4:down\n5:6:up\n")
    assert [(case.where, case.label) for case in found.each] == [
        ("case 1", "up"),
        ("case 2", "down"),
        ("case 3", "up"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "1,2:3,4:up\n1,2:up\n", "line 8: expected 2 channels"),
        (HEAD + "1,2:3,x:up\n", "line 7: expected numbers divided by commas, got 'x'"),
        (HEAD + "1,2:3,4:left\n", "line 7: expected one of the classes up, down, got 'left'"),
        (HEAD + "?,?:?:up\n", "line 7: expected values"),
        (HEAD + "inf:1:up\n", "line 7: expected finite numbers"),
        (HEAD, "expected cases below @data"),
        (HEAD.replace("@data\n", ""), "expected a line @data"),
        (HEAD.replace("timeStamps false", "timeStamps true"), "line 3: time stamps"),
        ("a,b\n1,2\n", "line 1: expected a line of the header"),
    ],
)
def test_what_is_no_ts_file_is_one_line_with_its_number(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as error:
        read(tmp_path, text)
    assert said in str(error.value)
    assert "0.ts" in str(error.value)


def test_a_further_file_of_other_channels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"1\.ts, line 7: expected 2 channels as in the first case, got 3"):
        read(tmp_path, HEAD + "1:2:up\n", HEAD + "3:4:5:down\n")
