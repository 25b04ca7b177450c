"""The client's own decoders, without the client. Needs qiskit."""

from functools import reduce
from typing import Any


def decode(text: str) -> Any:
    """Decodes the text of a result; what comes depends on the primitive that made the request."""
    from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS

    return reduce(
        lambda value, decoder: decoder.decode(value) if decoder.is_applicable(value) else value,
        DEFAULT_DECODERS["executor"],
        text,
    )
