"""EDF files, made byte by byte from the format's specification (Kemp et al. 1992; Kemp and Olivan 2003)."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.model.errors import BadInput
from problems.prediction.sources.series.edf import read_edf
from problems.prediction.sources.series.recordings import Annotation

TWO = [("EEG Fpz-Cz", -100, 100, -1000, 1000, 2), ("Temp", 30, 40, 0, 100, 1)]
"""Label, physical and digital range, samples a record."""


def edf(
    records: list[list[list[int]]],
    channels: list[tuple[Any, ...]],
    *,
    reserved: str = "",
    tal: bytes = b"",
    said: int | None = None,
) -> bytes:
    """Two's complement samples, little-endian, after a header in columns; records of half a second."""
    if tal:
        channels = [*channels, ("EDF Annotations", -1, 1, -32768, 32767, len(tal) // 2)]

    def column(width: int, values: list[Any]) -> str:
        return "".join(f"{value!s:{width}}" for value in values)

    n = len(channels)
    head = column(8, ["0"]) + column(
        80, ["MCH-0234567 F 02-MAY-1951 Haagse_Harry", "Startdate 02-MAR-2002 X X X"]
    )
    head += "02.03.0221.30.00" + column(8, [256 * (n + 1)]) + column(44, [reserved])
    head += column(8, [len(records) if said is None else said]) + column(8, ["0.5"]) + column(4, [n])
    head += column(16, [c[0] for c in channels]) + column(80, [""] * n) + column(8, ["uV"] * n)
    for place in (1, 2, 3, 4):
        head += column(8, [c[place] for c in channels])
    head += column(80, [""] * n) + column(8, [c[5] for c in channels]) + column(32, [""] * n)
    body = b"".join(
        b"".join(struct.pack(f"<{len(samples)}h", *samples) for samples in record) + tal for record in records
    )
    return head.encode("ascii") + body


def test_samples_are_scaled_to_physical_values_each_channel_at_its_own_rate(tmp_path: Path) -> None:
    (tmp_path / "night.edf").write_bytes(edf([[[-1000, 0], [50]], [[500, 1000], [100]]], TWO))
    found = read_edf([tmp_path / "night.edf"])
    (night,) = found.each
    assert night.signals["EEG Fpz-Cz"].values.tolist() == [-100, 0, 50, 100]
    assert night.signals["EEG Fpz-Cz"].times.tolist() == [0, 0.25, 0.5, 0.75]
    assert night.signals["Temp"].values.tolist() == [35, 40]
    assert night.signals["Temp"].times.tolist() == [0, 0.5]


def test_annotations_have_onset_duration_and_text(tmp_path: Path) -> None:
    tal = b"+0\x14\x14\0+0.25\x1530\x14Sleep stage W\x14arousal\x14\0+2\x14spike\x14\0"
    tal += b"\0" * (len(tal) % 2)
    (tmp_path / "a.edf").write_bytes(edf([[[0, 0], [0]]], TWO, reserved="EDF+C", tal=tal))
    (night,) = read_edf([tmp_path / "a.edf"]).each
    assert night.annotations == (
        Annotation(0.25, 30, "Sleep stage W"),
        Annotation(0.25, 30, "arousal"),
        Annotation(2, 0, "spike"),
    )
    assert set(night.signals) == {"EEG Fpz-Cz", "Temp"}


def test_samples_and_annotations_are_on_one_clock_where_the_file_begins_within_a_second(
    tmp_path: Path,
) -> None:
    """EDF+ 2.2.4: the first list says how long after the header's time the first record begins."""
    tal = b"+0.25\x14\x14\0+0.5\x14spike\x14\0"
    (tmp_path / "a.edf").write_bytes(edf([[[0, 0], [0]]], TWO, reserved="EDF+C", tal=tal))
    (night,) = read_edf([tmp_path / "a.edf"]).each
    assert night.signals["EEG Fpz-Cz"].times.tolist() == [0.25, 0.5]
    assert night.annotations == (Annotation(0.5, 0, "spike"),)


def test_nothing_of_the_patient_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(edf([[[0, 0], [0]]], TWO))
    assert "Haagse" not in repr(read_edf([tmp_path / "a.edf"]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (edf([[[0, 0], [0]]], TWO)[:-2], "cut off"),
        (edf([[[0, 0], [0]]], TWO, said=2), "expected 2 records"),
        (edf([[[0, 0], [0]]], TWO, reserved="EDF+D"), "EDF+D"),
        (b"\xffBIOSEMI" + bytes(300), "24-bit"),
        (b"RIFF" + bytes(300), "expected an EDF file"),
        (edf([[[0, 0], [0]]], [("EEG", 5, 5, 0, 100, 2), TWO[1]]), "different ends"),
        (edf([[[0, 0], [0]]], [("Temp", 5, 6, 0, 100, 2), TWO[1]]), "distinct channels"),
        (edf([[[0, 0], [0]]], [("EEG", "low", 6, 0, 100, 2), TWO[1]]), "header of 'EEG'"),
    ],
)
def test_what_is_no_recording_is_one_line_with_the_file(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.edf").write_bytes(data)
    with pytest.raises(BadInput, match=r"bad\.edf") as error:
        read_edf([tmp_path / "bad.edf"])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_of_unknown_length_is_as_long_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(edf([[[1, 2], [3]]] * 3, TWO, said=-1))
    assert len(read_edf([tmp_path / "a.edf"]).each[0].signals["EEG Fpz-Cz"].values) == 6


def test_recordings_have_the_same_channels(tmp_path: Path) -> None:
    (tmp_path / "a.edf").write_bytes(edf([[[0, 0], [0]]], TWO))
    (tmp_path / "b.edf").write_bytes(edf([[[0, 0]]], TWO[:1]))
    with pytest.raises(BadInput, match=r"b\.edf: expected the channels of a\.edf"):
        read_edf([tmp_path / "a.edf", tmp_path / "b.edf"])


def test_the_least_and_the_greatest_sample_stand_for_the_ends_of_the_range(tmp_path: Path) -> None:
    wide = [("ECG", -3.2768, 3.2767, -32768, 32767, 2)]
    (tmp_path / "a.edf").write_bytes(edf([[[-32768, 32767]]], wide))
    np.testing.assert_allclose(
        read_edf([tmp_path / "a.edf"]).each[0].signals["ECG"].values, [-3.2768, 3.2767]
    )
