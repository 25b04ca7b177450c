"""QUBO from OR-Library's files, or from coefficients written out.

OR-Library (Beasley 1990, J. Oper. Res. Soc. 41, 1069): the number of instances, then for each a line `n m`
and m lines `i j q`. The matrix is symmetric and an entry off the diagonal given once, so it counts twice in
xᵀQx; `halves` says what holds for files that give both halves. A file may also begin with the `n m` of its
only instance (MQLib's). Coefficients of the problem file are summed as they stand there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from escalation.model.errors import BadInput
from escalation.text.rounding import rounded
from problems.optimisation.model.models import Qubo, Sense
from problems.optimisation.readers.halves import one_half, refuse_repeated
from problems.optimisation.readers.numbers import refuse_overflow, scaled
from problems.optimisation.readers.pairs import Entry, counted, gather, in_order
from problems.optimisation.readers.read import Read
from problems.optimisation.spec.spec import MOST_VARIABLES, QuboSpec
from toolbox.tables.text_file import TextFile, read_text
from toolbox.tables.whole_numbers import whole

FAR_OFFSET = 10
"""How many times the sum of all absolute coefficients an offset may be before that is remarked on."""

Rows = list[tuple[int, list[str]]]


def read_or_library(spec: QuboSpec, path: Path) -> Read:
    """Reads one instance of a file.

    Raises:
        BadInput: on anything malformed, with its line.
    """
    file = read_text(path)
    number = spec.number or 1
    variables, rows = _instance(file, number)
    whole_or_half = [_entry(file, line, row, spec.decimals) for line, row in rows]
    refuse_repeated(whole_or_half)
    half, remarks = one_half(whole_or_half)
    entries = [(i, j, q if i == j else 2 * q, where) for i, j, q, where in half]
    offset = scaled(spec.offset, spec.decimals, "instance.offset")
    read = build(
        Coefficients([0] * variables, entries, offset), spec, str(path), {**file.source, "number": number}
    )
    return replace(read, remarks=(*remarks, *read.remarks))


@dataclass(frozen=True)
class Coefficients:
    """What a QUBO is made of, in integer units.

    Attributes:
        linear: one a variable.
        entries: products, variables counting from 1.
        offset: added to every value.
    """

    linear: Sequence[int]
    entries: Sequence[Entry]
    offset: int = 0


def build(given: Coefficients, spec: QuboSpec, where: str, source: dict[str, object]) -> Read:
    """Makes the model: x_i x_i is x_i, repeated pairs are summed.

    Raises:
        BadInput: where no coefficient is left, or they overflow.
    """
    linear = list(given.linear)
    found = gather(given.entries, len(linear), "variable")
    for index, value in found.loops.items():
        linear[index] += value
    quadratic = in_order(found)
    if not quadratic and not any(linear):
        raise BadInput(f"{where}: expected a coefficient other than 0, got none: every answer is as good")
    refuse_overflow([given.offset, *linear, *(q for _, _, q in quadratic)], where)
    model = Qubo(
        sense=spec.sense or Sense.MAXIMISE,
        linear=tuple(linear),
        quadratic=quadratic,
        offset=given.offset,
        scale=10**spec.decimals,
    )
    remarks = (
        (
            f"{counted(found.repeated, 'repeated pair', 'repeated pairs')}: coefficients summed, "
            f"first at {found.first_repeated}",
        )
        if found.repeated
        else ()
    )
    return Read(model, source, (*remarks, *_far_offset(model)))


def _far_offset(model: Qubo) -> tuple[str, ...]:
    """Says so where the offset alone makes every relative gap small."""
    most = sum(map(abs, model.linear)) + sum(abs(q) for _, _, q in model.quadratic)
    if abs(model.offset) <= FAR_OFFSET * most:
        return ()
    offset, differ = rounded(model.offset / model.scale), rounded(most / model.scale)
    return (
        f"the offset {offset} is large beside what answers can differ by, at most {differ}: every answer has "
        "a small relative gap; ask for absolute_gap or objective",
    )


def _instance(file: TextFile, number: int) -> tuple[int, Rows]:
    """Walks to the asked-for instance; returns its number of variables and its lines."""
    rows = file.words()
    line, header = rows[0]
    count, place = 1, 0
    if len(header) == 1:
        count, place = whole(header[0], file.at(line), "number of instances", 1), 1
    if number > count:
        raise BadInput(f"instance.number: {file.path} has {count} instances, got {number}")
    for current in range(1, count + 1):
        variables, size = _header(file, rows, place, current)
        inside = rows[place + 1 : place + 1 + size]
        if len(inside) < size:
            raise file.complain(
                rows[place][0], f"instance {current}: expected {size} entries, got {len(inside)}"
            )
        place += 1 + size
        if current == number:
            wanted = variables, inside
    if place < len(rows):
        raise file.complain(
            rows[place][0], f"expected nothing behind the last of {count} instances, got more lines"
        )
    return wanted


def _header(file: TextFile, rows: Rows, place: int, current: int) -> tuple[int, int]:
    if place >= len(rows):
        raise file.complain(rows[-1][0], f"expected instance {current} behind this line, got the file's end")
    line, header = rows[place]
    if len(header) != 2:
        raise file.complain(
            line, f"expected `variables entries` of instance {current}, got {' '.join(header)!r}"
        )
    variables = whole(header[0], file.at(line), "number of variables", 1, MOST_VARIABLES)
    return variables, whole(header[1], file.at(line), "number of entries", 0)


def _entry(file: TextFile, line: int, row: list[str], decimals: int) -> Entry:
    where = file.at(line)
    if len(row) != 3:
        raise file.complain(line, f"expected `i j q`, got {' '.join(row)!r}")
    i, j = whole(row[0], where, "variable"), whole(row[1], where, "variable")
    return i, j, scaled(row[2], decimals, f"{where}: coefficient"), where


def read_inline(spec: QuboSpec) -> Read:
    """Takes the coefficients from the problem file, each pair as it stands there.

    Raises:
        BadInput: on a pair outside the variables, too many decimals, or no `sense`.
    """
    if not spec.linear:
        raise BadInput("instance.linear: expected one coefficient a variable (0 where there is none)")
    if spec.sense is None:
        raise BadInput("instance.sense: expected maximise or minimise beside linear and quadratic")
    linear = [scaled(value, spec.decimals, f"instance.linear.{k}") for k, value in enumerate(spec.linear)]
    entries = [
        (i, j, scaled(q, spec.decimals, f"instance.quadratic.{k}"), f"instance.quadratic.{k}")
        for k, (i, j, q) in enumerate(spec.quadratic or ())
    ]
    offset = scaled(spec.offset, spec.decimals, "instance.offset")
    return build(Coefficients(linear, entries, offset), spec, "instance", {"inline": True})
