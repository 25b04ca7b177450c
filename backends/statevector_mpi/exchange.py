"""Pairwise exchange between ranks, in chunks, waiting without a processor.

MPI libraries turn while they wait. Where ranks are as many as processors that costs nothing; on a machine
that others use too, or with ranks of unequal speed, it is time that somebody else could have had.
"""

import time
from typing import Any

import numpy as np

from backends.statevector_mpi.kernels import Floats

MOST_CHUNK = 1 << 16
"""Amplitudes that are sent at once, at most; two such buffers are a share of 1/32 of the state or less."""
SHARE = 64
FIRST_NAP_S, LONGEST_NAP_S = 2e-5, 1e-3
LOOKS = 20
"""Times that a rank looks before it takes a nap."""


class Partners:
    """The other ranks, and the buffers through which amplitudes go to them and come from them.

    Attributes:
        rank: this one's number.
        bytes_sent: so far.
        exchanges: of half of a rank's amplitudes, so far.
        buffer: for what has to be gathered before it is sent, shape (chunk, 2).
        chunk: amplitudes that are sent at once.
        waited_s: seconds in exchanges.
    """

    def __init__(self, comm: Any, amplitudes: int, least: int) -> None:
        self._comm = comm
        self.rank: int = comm.Get_rank()
        self.ranks: int = comm.Get_size()
        size = max(least, min(MOST_CHUNK, amplitudes // SHARE))
        self.chunk = min(size, amplitudes)
        self.buffer: Floats = np.empty((self.chunk, 2))
        self._incoming: Floats = np.empty((self.chunk, 2))
        self.bytes_sent = self.exchanges = 0
        self.waited_s = 0.0

    def swap(self, partner: int, outgoing: Floats) -> Floats:
        """Sends amplitudes, as many as a chunk has at most; returns as many, until the next call."""
        since, incoming = time.perf_counter(), self._incoming[: len(outgoing)]
        requests = [self._comm.Irecv(incoming, source=partner), self._comm.Isend(outgoing, dest=partner)]
        _wait(requests)
        self.waited_s += time.perf_counter() - since
        self.bytes_sent += outgoing.nbytes
        return incoming

    def all(self, value: Any) -> list[Any]:
        """Returns what every rank says, by rank."""
        request, nap_s = self._comm.Ibarrier(), FIRST_NAP_S
        while not request.Test():
            time.sleep(nap_s)
            nap_s = min(nap_s * 1.5, LONGEST_NAP_S)
        found: list[Any] = self._comm.allgather(value)
        return found


def _wait(requests: list[Any]) -> None:
    """Until all are done."""
    kind, nap_s = type(requests[0]), FIRST_NAP_S
    looks = 0
    while not kind.Testall(requests):
        looks += 1
        if looks > LOOKS:
            time.sleep(nap_s)
            nap_s = min(nap_s * 1.5, LONGEST_NAP_S)
