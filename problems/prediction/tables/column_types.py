"""From raw texts and numbers to typed feature columns, the way a careful data scientist would.

Whatever is assumed about a column is said in a remark.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from escalation.model.errors import BadInput
from escalation.text.wording import listed
from problems.prediction.tables.counters import LEAST, counts_rows, names_something, rises
from problems.prediction.tables.returning import NAMED, comes_back, what_to_paste
from problems.prediction.tables.table import Column
from problems.prediction.tasks.classes import spelt_alike
from problems.prediction.tasks.reading import LARGEST
from toolbox.tables.arrow import EXACT
from toolbox.tables.dates import MOSTLY, dates
from toolbox.tables.numbers import Reading, canonical, level, read
from toolbox.tables.raw import Numbers, Texts

MARKERS = 3
"""Different texts among numbers up to which they are taken for marks of missing values."""

MAX_LEVELS = 50
"""Distinct texts beyond which a category carries too few rows a level to be learned from."""

CODE = re.compile(r"0\d+")
NOT_FINITE = re.compile(r"[+-]?(inf|infinity)", re.IGNORECASE)
LOOKS_MISSING = frozenset(
    {"?", ".", "-", "--", "*", "x", "n.a.", "n/d", "nd", "n.d.", "na", "nan", "none", "nil", "null", "unk"}
    | {"unknown", "missing", "not available", "not known", "not done", "not recorded", "undefined", "#n/a"}
)
FLAGS = {"false": 0.0, "true": 1.0}
ANSWERS = frozenset(
    {"yes", "no", "y", "n", "true", "false", "t", "f", "positive", "negative", "pos", "neg", "+"}
    | {"present", "absent", "ever", "never", "normal", "abnormal", "on", "off", "ja", "nein"}
)
"""Words that answer a question, in any case: among numbers they are levels, and never mean missing."""


@dataclass(frozen=True)
class Typed:
    """A typed column: its values (numbers or texts), and what a reader should know about it."""

    column: Column
    numbers: Numbers | None = None
    texts: tuple[str | None, ...] = ()
    remarks: tuple[str, ...] = ()


def typed_column(
    name: str,
    values: Texts | Numbers,
    where: Sequence[str],
    *,
    category: bool = False,
    decimal: str = ".",
    commas: bool = False,
) -> Typed:
    """Infers whether a column is a number or a category, and converts it.

    Args:
        name: of the column.
        values: numbers (NaN missing), or texts (None missing).
        where: how to name each row to the user, for instance `line 17`.
        category: take it as a category whatever it holds.
        decimal: the mark that numbers in texts are expected to have.
        commas: whether some column of the file has decimal commas.

    Raises:
        BadInput: on infinite numbers, text among numbers, numbers that can be read in two ways, dates, ids,
            counts of the rows, and too many categories.
    """
    if isinstance(values, np.ndarray) and not category:
        return _number(name, values, where)
    texts = as_texts(values)
    present = {text for text in texts if text is not None}
    if category:
        return _category(name, [text and level(text, decimal) for text in texts])
    if present and {text.lower() for text in present} <= set(FLAGS):
        return _number(name, _converted(texts, FLAGS), where)
    _refuse_infinite(name, texts, where)
    reading = read(texts, where, decimal, commas=commas)
    numeric = [text is not None for text in reading.plain]
    if any(numeric):
        _refuse_text(name, texts, numeric, where)
        if all(known or text is None for known, text in zip(numeric, texts, strict=True)):
            return _read_number(name, reading, where)
    _refuse_dates(name, present)
    typed = _category(name, [text and level(text, decimal) for text in texts])
    return Typed(typed.column, texts=typed.texts, remarks=(*_doubts(name, texts, numeric), *typed.remarks))


def is_constant(typed: Typed) -> bool:
    """Tells whether a column's present values are all the same, or all missing."""
    if typed.numbers is not None:
        return len(np.unique(typed.numbers[~np.isnan(typed.numbers)])) <= 1
    return len(typed.column.levels) <= 1


def as_texts(values: Texts | Numbers) -> Texts:
    """Returns numbers as texts, whole ones without a decimal point; None where a value is missing."""
    if isinstance(values, np.ndarray):
        return [None if np.isnan(value) else canonical(float(value)) for value in values]
    return values


def _converted(texts: Texts, mapping: dict[str, float]) -> Numbers:
    return np.array([np.nan if text is None else mapping[text.lower()] for text in texts])


def _read_number(name: str, reading: Reading, where: Sequence[str]) -> Typed:
    if reading.doubt:
        raise BadInput(f"column {name!r}, {reading.doubt}")
    numbers = np.array([np.nan if text is None else float(text) for text in reading.plain])
    typed = _number(name, numbers, where)
    _refuse_rounded(name, {text for text in reading.plain if text is not None and abs(float(text)) > EXACT})
    said = [f"column {name!r}: {reading.remark}"] if reading.remark else []
    if coded := next((text for text in reading.plain if text is not None and CODE.fullmatch(text)), None):
        said.append(
            f"column {name!r} is taken as an amount, {coded!r} as {float(coded):g}; if its numbers are "
            "codes, name it in `categorical`"
        )
    return Typed(typed.column, typed.numbers, remarks=(*said, *typed.remarks))


def _refuse_rounded(name: str, large: set[str]) -> None:
    """Refuses different numbers that are one in float64: they are ids, and would fall together."""
    exact = {Decimal(text) for text in large}
    if len(set(map(float, exact))) < len(exact):
        raise _dropped(
            name,
            f"holds whole numbers beyond 2^53 ({min(large)}), of which different ones would become the same: "
            "give it as `group` or `categorical`, or add it to `drop`",
        )


def _number(name: str, values: Numbers, where: Sequence[str]) -> Typed:
    numbers = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 becomes 0.0: one digest for one value
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise BadInput(f"column {name!r}, {where[row]}: {_INFINITE}, got {numbers[row]}")
    if (np.abs(numbers) > LARGEST).any():
        row = int(np.nanargmax(np.abs(numbers)))
        raise BadInput(
            f"column {name!r}, {where[row]}: expected a number between -{LARGEST:g} and {LARGEST:g}, whose "
            f"square can be computed, got {numbers[row]:g}: if it means missing, add it to na_values, else "
            "take a larger unit"
        )
    present = numbers[~np.isnan(numbers)]
    whole = len(present) > 0 and bool(np.all(present == np.floor(present)))
    once = len(np.unique(present)) == len(present) > 1
    if NAMED.fullmatch(name) and whole and once:
        raise _dropped(name, f"{_IDENTIFIES}: add it to `drop`, or give it as `group`")
    if counted := counts_rows(present):
        raise _dropped(
            name,
            f"counts the rows ({counted}), so it tells the order of the file: add it to `drop`, or give it "
            "as `time` or `group`",
        )
    remarks: tuple[str, ...] = ()
    if again := comes_back(name, present):
        remarks = (f"column {name!r} is taken as an amount; {what_to_paste(name, again)}",)
    elif names_something(present) or (whole and NAMED.fullmatch(name)):
        remarks = (
            f"column {name!r} is taken as an amount; if its whole numbers name somebody or something, give "
            "it as `group` or add it to `drop`",
        )
    elif rises(present):
        remarks = (
            f"column {name!r} goes one way through the file; if it tells when or who, give it as `time` or "
            "`group`, or add it to `drop`",
        )
    return Typed(Column(name, "number"), numbers=numbers, remarks=remarks)


def _category(name: str, texts: Texts) -> Typed:
    present = {text for text in texts if text is not None}
    count = sum(text is not None for text in texts)
    if len(present) == count and count > LEAST:
        raise _dropped(name, f"{_IDENTIFIES}: add it to `drop`, or give it as `group`")
    again = comes_back(name, texts)
    if len(present) > MAX_LEVELS:
        them = f"; {what_to_paste(name, again)}" if again else ""
        raise _dropped(
            name,
            f"has {len(present)} different texts, expected at most {MAX_LEVELS}: merge rare ones, or add it "
            f"to `drop`{them}",
        )
    said = [f"column {name!r} is taken as a category; {what_to_paste(name, again)}"] if again else []
    said += [f"column {name!r}: {alike}" for alike in spelt_alike(texts)]
    return Typed(Column(name, "category", tuple(sorted(present))), texts=tuple(texts), remarks=tuple(said))


def _doubts(name: str, texts: Texts, numeric: list[bool]) -> tuple[str, ...]:
    """What may be wrong about taking a column as a category."""
    counts = Counter(text for text in texts if text is not None)
    said = []
    among = {text for text, known in zip(texts, numeric, strict=True) if known}
    figures = [text for text in counts if text not in among and re.match(r"[<>≤≥~+-]?\s*\d", text)]
    if among:
        said.append(
            f"column {name!r} is a category of {len(counts)} texts, though {len(among)} of them are numbers"
        )
    if len(figures) > len(counts) / 2:
        said.append(
            f"column {name!r} is a category of {len(counts)} texts, though most begin with a number "
            f"({min(figures)!r})"
        )
    said += [
        f"column {name!r}: {text!r} is a level like any other; if it means missing, add it to na_values"
        for text in sorted(counts)
        if text.lower() in LOOKS_MISSING
    ]
    return tuple(said)


_INFINITE = "expected a finite number"
_IDENTIFIES = "identifies rows (no value occurs twice), so nothing can be learned from it"


def _refuse_infinite(name: str, texts: Texts, where: Sequence[str]) -> None:
    for text, place in zip(texts, where, strict=True):
        if text is not None and NOT_FINITE.fullmatch(text):
            raise BadInput(
                f"column {name!r}, {place}: {_INFINITE}, got {text!r}", mends={"na_values": [text]}
            )


def _refuse_text(name: str, texts: Texts, numeric: list[bool], where: Sequence[str]) -> None:
    """Refuses texts among numbers where they are few: few rows, or few different ones in any number."""
    rows = [row for row, text in enumerate(texts) if text is not None and not numeric[row]]
    others = {str(texts[row]) for row in rows}
    known = {str(text) for text, is_number in zip(texts, numeric, strict=True) if is_number}
    markers = len(others) <= MARKERS and len(others) < len(known)
    mostly = sum(numeric) >= MOSTLY * (sum(numeric) + len(rows))
    if rows and (mostly or markers or {text.lower() for text in others} <= LOOKS_MISSING):
        if answers := sorted(text for text in others if text.lower() in ANSWERS):
            raise _answered(name, where[rows[0]], answers, known, others.difference(answers))
        shown = ", ".join(map(repr, sorted(others)[:MARKERS]))
        count = f" ({shown} in {len(rows)} of {len(rows) + sum(numeric)} rows)" if not mostly else ""
        wanted = "expected a number as in most other rows, got"
        if not mostly:
            wanted = "expected a number as in the other rows, got"
        raise BadInput(
            f"column {name!r}, {where[rows[0]]}: {wanted} {texts[rows[0]]!r}{count}: "
            "correct it, or add it to `na_values` if it means missing, or the column to `categorical`",
            mends={"na_values": sorted(others)} if len(others) <= MARKERS else {"categorical": [name]},
        )


def _answered(name: str, place: str, answers: list[str], known: set[str], others: set[str]) -> BadInput:
    """The complaint about words such as NO among numbers: taken for missing, what they say were lost."""
    shown = listed([repr(text) for text in answers])
    what = f"column {name!r}, {place}: {shown} among numbers says something, and is not missing"
    if len(known) + len(answers) > MAX_LEVELS:
        return BadInput(
            f"{what}: write a number for it in the file, or add the column to `drop`", mends={"drop": [name]}
        )
    marks = sorted(text for text in others if text.lower() in LOOKS_MISSING)
    return BadInput(
        f"{what}: write it as the other rows do ({listed(sorted(known)[:MARKERS])}), or name the column in "
        "`categorical`, where each spelling is a level of its own",
        mends={"categorical": [name], **({"na_values": marks} if marks else {})},
    )


def _refuse_dates(name: str, present: set[str]) -> None:
    if found := dates(present):
        raise _dropped(
            name,
            f"holds dates ({min(found)!r}): turn it into a duration in days, give it as `time`, or add it to "
            "`drop`",
        )


def _dropped(name: str, what: str) -> BadInput:
    """The complaint about a column that is no feature as it is."""
    return BadInput(f"column {name!r} {what}", mends={"drop": [name]})
