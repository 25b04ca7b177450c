"""Recordings from EDF and EDF+ files: physiological signals as 16-bit samples with a text header.

Kemp et al. (1992), Electroencephalogr. Clin. Neurophysiol. 82:391 (EDF); Kemp and Olivan (2003), Clin.
Neurophysiol. 114:1755 (EDF+ and its annotations). Header: 256 bytes, then 256 a signal, in columns; data
records of little-endian two's complement samples. What the header says of the patient is not read.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escalation.model.errors import BadInput
from escalation.model.identity import digest_bytes
from escalation.text.wording import listed
from problems.prediction.sources.series.recordings import Annotation, Recording, Recordings, Signal
from toolbox.arrays.types import Floats
from toolbox.tables.text_file import read_bytes

ANNOTATIONS = "EDF Annotations"
FIXED, EACH = 256, 256
MOST_SIGNALS = 512
_WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
_LABEL, _PHYSICAL_MIN, _PHYSICAL_MAX, _DIGITAL_MIN, _DIGITAL_MAX, _SAMPLES = 0, 3, 4, 5, 6, 8


@dataclass(frozen=True)
class _Channel:
    """A signal's part of the header; `samples` in each record."""

    label: str
    low: float
    high: float
    digital_low: int
    digital_high: int
    samples: int

    def physical(self, digital: Floats) -> Floats:
        """Samples in the unit that the file states."""
        scale = (self.high - self.low) / (self.digital_high - self.digital_low)
        return (digital - self.digital_low) * scale + self.low


def read_edf(paths: list[Path]) -> Recordings:
    """Reads one recording a file; times are seconds since its beginning.

    Raises:
        BadInput: naming the file, when one is no EDF file, is cut off, is interrupted (EDF+D), or has other
            channels than the first.
    """
    read = [_one(path) for path in paths]
    first = read[0][0]
    for one, _ in read[1:]:
        if set(one.signals) != set(first.signals):
            raise BadInput(
                f"{one.key}: expected the channels of {first.key} ({listed(tuple(first.signals))}), got "
                f"{listed(tuple(one.signals))}"
            )
    remark = "what the header of an EDF file says of the patient is not read; a file's name stands for it"
    files = [{"edf": one.key, "sha256": digest} for one, digest in read]
    return Recordings(
        [one for one, _ in read], tuple(first.signals), source={"files": files}, remarks=(remark,)
    )


def _one(path: Path) -> tuple[Recording, str]:
    data = read_bytes(path)
    channels, records, seconds = _header(path, data)
    block = np.frombuffer(data, dtype="<i2", offset=FIXED + EACH * len(channels)).reshape(records, -1)
    signals: dict[str, Signal] = {}
    annotations: list[Annotation] = []
    ends = np.cumsum([channel.samples for channel in channels])
    parts = np.split(block, ends[:-1], axis=1)
    begin = _begin(path, channels, parts)
    for channel, samples in zip(channels, parts, strict=True):
        if channel.label == ANNOTATIONS:
            annotations += _annotations(path, samples)
            continue
        if channel.label in signals:
            raise BadInput(f"{path}: expected distinct channels, got {channel.label!r} twice")
        times = begin + np.arange(samples.size, dtype=np.float64) * (seconds / channel.samples)
        signals[channel.label] = Signal(times, channel.physical(samples.ravel().astype(np.float64)))
    if not signals:
        raise BadInput(f"{path}: expected signals, got annotations alone")
    name = path.name
    one = Recording(path.stem, f"file {name}", signals, annotations=tuple(annotations), key=name)
    return one, digest_bytes(data)


def _header(path: Path, data: bytes) -> tuple[list[_Channel], int, float]:
    """Returns the channels, the number of records, and the seconds of each."""
    if data[:8] == b"\xffBIOSEMI":
        raise BadInput(f"{path}: expected EDF with 16-bit samples, got BDF (24-bit): convert it to EDF")
    if len(data) < FIXED or data[:8].strip() != b"0":
        raise BadInput(f"{path}: expected an EDF file, got something else")
    if data[192:197] == b"EDF+D":
        raise BadInput(
            f"{path}: expected a recording without interruption, got EDF+D, an interrupted one: divide it "
            "into "
            "files of EDF+C"
        )
    count = int(_number(path, data[252:256], "number of signals"))
    records, seconds = _number(path, data[236:244], "records"), _number(path, data[244:252], "duration")
    if not 1 <= count <= MOST_SIGNALS or seconds <= 0 or len(data) < FIXED + EACH * count:
        raise BadInput(f"{path}: expected an EDF file, got a header that says {count} signals, {seconds:g} s")
    channels = _channels(path, data[FIXED : FIXED + EACH * count], count)
    size = 2 * sum(channel.samples for channel in channels)
    found = (len(data) - FIXED - EACH * count) / size
    if records != found and not (records == -1 and found == int(found)):
        raise BadInput(
            f"{path}: expected {records:g} records as its header says, got {found:.1f}: it is cut off"
        )
    return channels, int(found), seconds


def _channels(path: Path, header: bytes, count: int) -> list[_Channel]:
    fields: list[list[bytes]] = []
    at = 0
    for width in _WIDTHS:
        fields.append([header[at + i * width : at + (i + 1) * width] for i in range(count)])
        at += width * count
    return [_channel(path, [field[i] for field in fields]) for i in range(count)]


def _channel(path: Path, fields: list[bytes]) -> _Channel:
    label = fields[_LABEL].decode("latin-1").strip()
    low, high, digital_low, digital_high, samples = (
        _number(path, fields[place], f"header of {label!r}")
        for place in (_PHYSICAL_MIN, _PHYSICAL_MAX, _DIGITAL_MIN, _DIGITAL_MAX, _SAMPLES)
    )
    scaled = digital_low < digital_high and low != high
    if samples < 1 or not (scaled or label == ANNOTATIONS):
        raise BadInput(
            f"{path}: channel {label!r}: expected different ends of its range and samples, got {low:g} to "
            f"{high:g} for {digital_low:g} to {digital_high:g}, {samples:g} samples a record"
        )
    return _Channel(label, low, high, int(digital_low), int(digital_high), int(samples))


def _number(path: Path, text: bytes, what: str) -> float:
    try:
        found = float(text.decode("ascii").strip())
    except ValueError:
        found = float("nan")
    if not np.isfinite(found):
        raise BadInput(f"{path}: expected an EDF file, got {text!r} where its {what} should be")
    return found


def _begin(path: Path, channels: list[_Channel], parts: list[np.ndarray]) -> float:
    """When the first record begins, in seconds after the time in the header, from which annotations count.

    EDF+ says so in the first list of the first signal of annotations: less than a second, 0 in most files.
    """
    for channel, samples in zip(channels, parts, strict=True):
        if channel.label == ANNOTATIONS and len(samples):
            when = samples[0].astype("<i2").tobytes().partition(b"\x14")[0]
            return _number(path, when.partition(b"\x15")[0], "beginning")
    return 0.0


def _annotations(path: Path, samples: np.ndarray) -> list[Annotation]:
    """Time-stamped lists: `onset[0x15 duration]0x14 text 0x14 … 0x00`; the first of a record has no text."""
    found = []
    for record in samples:
        for stamped in record.astype("<i2").tobytes().split(b"\0"):
            if not stamped:
                continue
            when, *texts = stamped.split(b"\x14")
            onset, _, duration = when.partition(b"\x15")
            start = _number(path, onset, "annotation")
            lasts = _number(path, duration, "annotation") if duration else 0.0
            said = (text.decode("utf-8", "replace").strip() for text in texts)
            found += [Annotation(start, lasts, text) for text in said if text]
    return found
