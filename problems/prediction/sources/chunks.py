"""Chunks of rows as bytes: what identifies them, and what goes to another process."""

import json
import struct
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from escalation.model.identity import canonical_json
from toolbox.arrays import npy

Rows: TypeAlias = NDArray[Any] | Sequence[NDArray[Any]] | Sequence[str] | Sequence[bytes]
"""Rows in order: one array, its first axis the rows; or an array, a text or bytes for each row."""

_LENGTH = struct.Struct("<Q")


def dump(rows: Rows) -> bytes:
    """Returns the bytes of rows.

    Raises:
        TypeError: when they are of no kind, or of several.
    """
    if isinstance(rows, np.ndarray):
        return b"A" + npy.dump(rows)
    kinds = {_kind(row) for row in rows}
    if kinds == {"T"}:
        return b"T" + canonical_json(list(rows))
    if kinds == {"B"}:
        return b"B" + b"".join(_framed(row) for row in rows if isinstance(row, bytes))
    if kinds == {"L"}:
        return b"L" + b"".join(_framed(npy.dump(row)) for row in rows)
    raise TypeError("expected rows as one array, or each as an array, a text, or bytes")


def load(data: bytes) -> Rows:
    """Returns the rows of which `dump` made the bytes."""
    kind, rest = data[:1], data[1:]
    if kind == b"A":
        return npy.load(rest)
    if kind == b"T":
        texts: list[str] = json.loads(rest)
        return texts
    parts = _parts(rest)
    return parts if kind == b"B" else [npy.load(part) for part in parts]


def _kind(row: object) -> str:
    kinds = {"T": str, "B": bytes, "L": np.ndarray}
    return next((kind for kind, of in kinds.items() if isinstance(row, of)), "")


def _framed(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data


def _parts(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        found.append(data[at : at + length])
        at += length
    return found
