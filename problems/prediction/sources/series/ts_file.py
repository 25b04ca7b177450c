"""Recordings from `.ts` files: the text format of the UEA and UCR archives of time series.

Header lines begin with `@`; below `@data` one line a case: channels divided by colons, values by commas, the
class last where `@classLabel true` says so. `?` and `NaN` are missing values, `#` begins a comment. See
Bagnall et al. (2018), arXiv:1811.00075, and the format's description at timeseriesclassification.com.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escalation.inputs.user_files import MOST_BYTES
from escalation.model.errors import BadInput
from escalation.text.visible import visible
from problems.prediction.sources.series.recordings import Recording, Recordings, Signal
from toolbox.tables.text_file import TextFile, read_text

MISSING = ("?", "NaN", "nan", "NA", "")


@dataclass
class _Header:
    """What the lines above the data say."""

    labelled: bool = False
    classes: tuple[str, ...] = ()
    ends: int = 0


def read_ts(paths: list[Path]) -> Recordings:
    """Reads the cases of one or several files (as archives divide them), one below the other.

    Times are the numbers of samples, 0 first.

    Raises:
        BadInput: naming file and line.
    """
    cases: list[Recording] = []
    files = []
    for path in paths:
        file = read_text(path, MOST_BYTES, "expected a .ts file, got an empty one")
        cases += _cases(file, cases)
        files.append({"ts": path.name, "sha256": file.sha256})
    return Recordings(
        cases,
        tuple(cases[0].signals),
        source={"files": files, "cases": len(cases)},
        remarks=("a .ts file names no persons: each case is taken as one of its own",),
    )


def _cases(file: TextFile, earlier: list[Recording]) -> list[Recording]:
    lines = file.text.splitlines()
    header = _header(file, lines)
    cases: list[Recording] = []
    channels = len(earlier[0].signals) if earlier else 0
    for number, line in enumerate(lines[header.ends :], header.ends + 1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        *parts, label = said.split(":") if header.labelled else [*said.split(":"), ""]
        if not parts:
            raise file.complain(number, "expected channels and a class divided by colons, got no colon")
        channels = channels or len(parts)
        if len(parts) != channels:
            raise file.complain(
                number, f"expected {channels} channels as in the first case, got {len(parts)}"
            )
        if header.classes and label.strip() not in header.classes:
            shown = visible(label.strip()[:40])
            raise file.complain(
                number, f"expected one of the classes {', '.join(header.classes)}, got {shown!r}"
            )
        case = len(earlier) + len(cases) + 1
        signals = {f"channel {i + 1}": _signal(file, number, part) for i, part in enumerate(parts)}
        if all(np.isnan(signal.values).all() for signal in signals.values()):
            raise file.complain(number, "expected values, got missing ones alone")
        cases.append(
            Recording(
                str(case), f"case {case}", signals, label.strip() if header.labelled else None, key=str(case)
            )
        )
    if not cases:
        raise BadInput(f"{file.path}: expected cases below @data, got none")
    return cases


def _header(file: TextFile, lines: list[str]) -> _Header:
    found = _Header()
    for number, line in enumerate(lines, 1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if not said.startswith("@"):
            raise file.complain(number, "expected a line of the header (@…) or @data, got something else")
        name, *words = said.split()
        name = name.lower()
        if name == "@data":
            found.ends = number
            return found
        if name == "@timestamps" and _true(words):
            raise file.complain(
                number,
                "time stamps in a .ts file are not read: write it as CSV (person, time, channel, value)",
            )
        if name == "@classlabel":
            found.labelled, found.classes = _true(words), tuple(words[1:])
        if name == "@targetlabel":
            found.labelled = _true(words)
    raise BadInput(f"{file.path}: expected a line @data below the header, got none")


def _true(words: list[str]) -> bool:
    return [word.lower() for word in words[:1]] == ["true"]


def _signal(file: TextFile, line: int, part: str) -> Signal:
    cells = [cell.strip() for cell in part.split(",")]
    try:
        values = np.array([np.nan if cell in MISSING else float(cell) for cell in cells])
    except ValueError:
        wrong = next(cell for cell in cells if cell not in MISSING and not _is_number(cell))
        raise file.complain(
            line, f"expected numbers divided by commas, got {visible(wrong[:40])!r}"
        ) from None
    if np.isinf(values).any():
        raise file.complain(line, "expected finite numbers, got an infinite one")
    return Signal(np.arange(len(values), dtype=np.float64), values)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
