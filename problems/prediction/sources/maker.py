"""The process that makes features of the chunks that it is sent, until nobody sends any more.

Started as `python -m problems.prediction.sources.maker`. It reads from its standard input and writes to its
standard output, a message at a time: its length, then its bytes. The first says which function with which
parameters; each further one is a chunk, and is answered by a letter and an array (`A`), what is wrong with
the rows (`B`), or what went wrong (`E`). When whoever started it is gone, its input ends, and so does it.
"""

import importlib
import json
import os
import struct
import sys
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from escalation.model.errors import BadInput, first_line
from problems.prediction.sources import chunks
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

_LENGTH = struct.Struct("<Q")


def send(stream: IO[bytes], data: bytes) -> None:
    """Writes a message; raises `OSError` when nobody reads any more."""
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Reads a message; None when nobody writes any more."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


def make(function: str, params: Mapping[str, Any], rows: chunks.Rows) -> Floats:
    """Calls a function on a chunk, on one thread, so that the numbers are the same wherever it is called.

    Raises:
        ValueError: when what it returns is no array of float64 with a row for each of the chunk's.
        Exception: what the function raises.
    """
    from threadpoolctl import threadpool_limits

    module, _, name = function.partition(":")
    called = getattr(importlib.import_module(module), name)
    with threadpool_limits(limits=1):
        made = called(rows, **params)
    if not isinstance(made, np.ndarray) or made.dtype != np.float64 or made.ndim != 2:
        raise ValueError(f"{function}: expected a float64 array of two dimensions, got {type(made).__name__}")
    if len(made) != len(rows):
        raise ValueError(f"{function}: expected {len(rows)} rows, got {len(made)}")
    return np.ascontiguousarray(made)


def _answer(function: str, params: Mapping[str, Any], chunk: bytes) -> bytes:
    try:
        return b"A" + npy.dump(make(function, params, chunks.load(chunk)))
    except BadInput as error:
        return b"B" + str(error).encode()
    except Exception as error:
        return b"E" + first_line(error).encode()


def main() -> None:
    """Answers until nobody asks any more."""
    asked = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a function prints is no answer
    first = receive(asked)
    if first is None:
        return
    told = json.loads(first)
    try:
        while (chunk := receive(asked)) is not None:
            send(answers, _answer(told["function"], told["params"], chunk))
    except BrokenPipeError:
        return


if __name__ == "__main__":
    main()
