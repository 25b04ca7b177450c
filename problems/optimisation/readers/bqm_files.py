"""Checks dimod's binary files (`.bqm`) before dimod reads them: it follows their indices wherever they lead.

The format (dimod 0.12, `BinaryQuadraticModel.to_file`): `DIMODBQM`, two bytes of version, four of the length
of the header, the header as JSON; the offset; a record (first place in the neighbourhoods, bias) for each
variable; then every neighbourhood, records (other variable, bias) in order, so that a product stands twice.
"""

import json
import struct

import numpy as np

MAGIC = b"DIMODBQM"
VERSIONS = (1, 2)
_BEGIN = len(MAGIC) + 2 + 4


def refuse_torn(data: bytes) -> None:
    """Raises `ValueError`, `KeyError` or `struct.error` for a file that does not hold together."""
    if not data.startswith(MAGIC) or data[len(MAGIC)] not in VERSIONS:
        raise ValueError(
            f"expected {MAGIC.decode()} of version {' or '.join(map(str, VERSIONS))} at its begin"
        )
    (length,) = struct.unpack_from("<I", data, _BEGIN - 4)
    header = json.loads(data[_BEGIN : _BEGIN + length].decode("ascii"))
    size, products = header["shape"]
    if type(size) is not int or type(products) is not int or min(size, products) < 0:
        raise ValueError("expected two counts as its shape")
    bias = _kind(header["dtype"], "f")
    linear = np.dtype([("first", _kind(header["ntype"], "iu")), ("bias", bias)])
    quadratic = np.dtype([("other", _kind(header["itype"], "iu")), ("bias", bias)])
    begin = _BEGIN + length + bias.itemsize
    variables = np.frombuffer(data, linear, size, begin) if size else np.empty(0, linear)
    begin += size * linear.itemsize
    entries = np.frombuffer(data, quadratic, 2 * products, begin) if products else np.empty(0, quadratic)
    firsts = np.append(variables["first"].astype(np.int64), 2 * products)
    if firsts[0] != 0 or (np.diff(firsts) < 0).any():
        raise ValueError("neighbourhoods that do not follow each other")
    _refuse_halves(np.repeat(np.arange(size), np.diff(firsts)), entries, size)


def _kind(name: object, kinds: str) -> np.dtype:
    found = np.dtype(str(name))
    if found.kind not in kinds:
        raise ValueError(f"expected numbers, got {found}")
    return found


def _refuse_halves(rows: np.ndarray, entries: np.ndarray, size: int) -> None:
    """Each product stands in both neighbourhoods, which are in order."""
    columns = entries["other"].astype(np.int64)
    if ((columns < 0) | (columns >= size) | (columns == rows)).any():
        raise ValueError("a product with a variable that is not there")
    places = rows * size + columns
    if (np.diff(places) <= 0).any():
        raise ValueError("neighbourhoods that are not in order")
    mirrored = columns * size + rows
    order = np.argsort(mirrored)
    bias = entries["bias"]
    if not (np.array_equal(mirrored[order], places) and np.array_equal(bias[order], bias)):
        raise ValueError("products whose two halves differ")
