"""How large a state vector Aer holds on this machine."""

from math import log2

from backends.processes.capacity import host
from escalation.inputs.settings import Settings

AMPLITUDE_BYTES = 16
"""In double precision; Aer refuses what is larger than the machine's memory."""


def holds_log2(settings: Settings) -> float:
    """Base-2 logarithm of the amplitudes that this machine's memory holds."""
    memory_mb = host().memory_mb
    assert memory_mb is not None
    return log2(memory_mb * 2**20 / AMPLITUDE_BYTES)
