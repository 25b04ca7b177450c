"""Binary quadratic models in dimod's files: `.bqm`, `.json` and COO (`.coo`), of spins or bits.

A model of spins becomes one of bits by s = 2x - 1, exactly: h s = 2h x - h, and J s t = 4J x y - 2J x - 2J y
+ J. dimod's models are energies, so they are minimised unless the problem file says otherwise. A COO file
says `# vartype=SPIN` or `# vartype=BINARY` first; dimod writes six decimals into it. As in dimod, its entries
are added up, also where a pair stands in both directions.
"""

import json
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from escalation.inputs.document import shown
from escalation.model.errors import BadInput, first_line
from escalation.model.identity import digest_bytes
from problems.optimisation.model.models import Names, Qubo, Sense
from problems.optimisation.readers import bqm_files
from problems.optimisation.readers.numbers import scaled
from problems.optimisation.readers.pairs import Entry
from problems.optimisation.readers.quadratic import Coefficients, build
from problems.optimisation.readers.read import Read
from problems.optimisation.spec.spec import MOST_VARIABLES, QuboSpec
from toolbox.tables.text_file import COMMENTS, EMPTY, MOST_BYTES, TextFile, read_bytes, read_text
from toolbox.tables.whole_numbers import whole

SUFFIXES = (".bqm", ".json", ".coo")
_VARTYPE = re.compile(r"#.*?\bvartype\s*[:=]\s*(SPIN|BINARY)\b")


@dataclass(frozen=True)
class Biases:
    """A binary quadratic model as it was read; biases are integers of 10**-decimals.

    Attributes:
        labels: names of the variables.
        spin: whether the variables are ±1 rather than 0 or 1.
        linear: by variable.
        quadratic: entries with variables counting from 1.
        offset: added to every energy.
    """

    labels: Names
    spin: bool
    linear: list[int]
    quadratic: list[Entry]
    offset: int


def read_binary_model(spec: QuboSpec, path: Path) -> Read:
    """Reads a file of dimod's.

    Raises:
        BadInput: when it is none, is empty, or has more decimals than the problem file states.
    """
    if path.suffix.lower() == ".coo":
        file = read_text(path)
        biases, source = _coo(file, spec), file.source
    else:
        data = read_bytes(path, MOST_BYTES)
        if not data.strip():
            raise BadInput(f"{path}: {EMPTY}")
        biases = _biases(_decoded(path, data), path, spec.decimals)
        source = {"file": path.name, "sha256": digest_bytes(data)}
    minimised = spec.model_copy(update={"sense": spec.sense or Sense.MINIMISE})
    bits = _bits(biases) if biases.spin else biases
    read = build(Coefficients(bits.linear, bits.quadratic, bits.offset), minimised, str(path), source)
    assert isinstance(read.model, Qubo)
    remarks = (*read.remarks, "spins turned into bits by s = 2x - 1") if biases.spin else read.remarks
    return Read(read.model.model_copy(update={"labels": bits.labels}), source, remarks)


def _bits(spins: Biases) -> Biases:
    linear = [2 * h for h in spins.linear]
    for i, j, coupling, _ in spins.quadratic:
        linear[i - 1] -= 2 * coupling
        linear[j - 1] -= 2 * coupling
    couplings = sum(coupling for _, _, coupling, _ in spins.quadratic)
    return Biases(
        labels=spins.labels,
        spin=False,
        linear=linear,
        quadratic=[(i, j, 4 * coupling, where) for i, j, coupling, where in spins.quadratic],
        offset=spins.offset - sum(spins.linear) + couplings,
    )


def _decoded(path: Path, data: bytes) -> Any:
    """Lets dimod read; returns its model."""
    import dimod

    try:
        if path.suffix.lower() == ".bqm":
            bqm_files.refuse_torn(data)
            return dimod.BinaryQuadraticModel.from_file(BytesIO(data))
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
        if not isinstance(found, dict) or found.get("type") != "BinaryQuadraticModel":
            raise ValueError("no BinaryQuadraticModel")
        _refuse_torn(found)
        return dimod.BinaryQuadraticModel.from_serializable(found)
    except Exception as error:  # dimod lets whatever its decoders raise pass
        reason = shown(first_line(error, typed=False))
        raise BadInput(
            f"{path}: expected a binary quadratic model of dimod's, got a file that is none: {reason}"
        ) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; raises `ValueError` for a name that stands twice: JSON would take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{shown(next(name for name in names if names.count(name) > 1))} stands twice")
    return found


def _refuse_torn(found: dict[str, Any]) -> None:
    """Raises `ValueError` for lists that do not fit together: dimod writes wherever their indices point."""
    if found["use_bytes"]:
        raise ValueError("expected lists of numbers, got bytes")
    size = len(found["linear_biases"])
    if len(found["variable_labels"]) != size:
        raise ValueError(f"{size} linear biases, {len(found['variable_labels'])} variables")
    for name, count in (("num_variables", size), ("num_interactions", len(found["quadratic_biases"]))):
        if name in found and (type(found[name]) is not int or found[name] != count):
            raise ValueError(f"{name} {shown(found[name])}, and {count} in its lists")
    ends = [found["quadratic_head"], found["quadratic_tail"]]
    if any(len(each) != len(found["quadratic_biases"]) for each in ends):
        raise ValueError("quadratic biases with more or fewer ends than there are biases")
    wrong = next(
        (each for end in ends for each in end if type(each) is not int or not 0 <= each < size), None
    )
    if wrong is not None:
        raise ValueError(f"expected the number of a variable from 0 to {size - 1}, got {shown(wrong)}")


def _biases(model: Any, path: Path, decimals: int) -> Biases:
    variables: list[Hashable] = list(model.variables)
    if not variables:
        raise BadInput(f"{path}: expected a model with variables, got an empty one")
    if len(variables) > MOST_VARIABLES:
        raise BadInput(f"{path}: expected at most {MOST_VARIABLES} variables, got {len(variables)}")
    place = {variable: k for k, variable in enumerate(variables, 1)}

    def whole_bias(value: Any, *of: Hashable) -> int:
        return scaled(str(value), decimals, f"{path}: bias of {' and '.join(map(str, of))}")

    return Biases(
        labels=_labels(variables, path),
        spin=model.vartype.name == "SPIN",
        linear=[whole_bias(model.linear[v], v) for v in variables],
        quadratic=[
            (place[u], place[v], whole_bias(q, u, v), f"{path}: bias of {u} and {v}")
            for (u, v), q in model.quadratic.items()
        ],
        offset=scaled(str(model.offset), decimals, f"{path}: offset"),
    )


def _labels(variables: Iterable[Hashable], path: Path) -> Names:
    """Names as texts; none where they only count from 1, as every instance's do."""
    labels = tuple(map(str, variables))
    if len(set(labels)) < len(labels):
        raise BadInput(f"{path}: expected variables with distinct names, got two that are written the same")
    return () if labels == tuple(str(k + 1) for k in range(len(labels))) else labels


def _coo(file: TextFile, spec: QuboSpec) -> Biases:
    """The problem file's offset is the model's: the format has no place for one."""
    decimals, rows, kinds = spec.decimals, [], set()
    for line, row in file.words(comments=COMMENTS[1:]):
        if row[0].startswith("#"):
            kinds.update(_VARTYPE.findall(" ".join(row)))
        elif len(row) == 3:
            rows.append((line, row))
        else:
            raise file.complain(line, f"expected `i j bias`, got {' '.join(row)!r}")
    if len(kinds) != 1:
        raise BadInput(f"{file.path}: expected one line `# vartype=SPIN` or `# vartype=BINARY`")
    ends = [[whole(text, file.at(line), "variable", 0) for text in row[:2]] for line, row in rows]
    variables = sorted({end for pair in ends for end in pair})
    if not variables:
        raise BadInput(f"{file.path}: expected biases, got none")
    place = {variable: k for k, variable in enumerate(variables, 1)}
    linear, quadratic = [0] * len(variables), []
    for (line, row), (u, v) in zip(rows, ends, strict=True):
        bias = scaled(row[2], decimals, f"{file.at(line)}: bias")
        if u == v:
            linear[place[u] - 1] += bias
        else:
            quadratic.append((place[u], place[v], bias, file.at(line)))
    offset = scaled(spec.offset, decimals, "instance.offset")
    return Biases(_labels(variables, file.path), kinds == {"SPIN"}, linear, quadratic, offset)
