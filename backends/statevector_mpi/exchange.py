"""Pairwise exchange between ranks, in chunks, which waits for the partner without a processor.

MPI libraries turn while they wait. Where ranks are as many as processors that costs nothing; on a machine
that others use too, or with ranks of unequal speed, it is time that somebody else could have had. So a rank
that has looked in vain for a while sleeps in between, ever longer until its partner is there. From then on
naps stay short: a large message takes several looks of both sides.
"""

import time
from typing import Any

import numpy as np

from backends.statevector_mpi.kernels import Floats

MOST_CHUNK = 1 << 18
"""Amplitudes that are sent at once at most: four mebibytes."""
SHARE = 16
"""Of a rank's amplitudes that a chunk is at most; what has to be gathered first goes in half of it."""
LOOKS = 200
"""Times that a rank looks before it sleeps."""
NAP_S = 1e-4
LONGEST_NAP_S = 2e-3
MEETING = 1
"""Tag of the empty messages by which two ranks know that both are there."""


class Partners:
    """The other ranks, and the buffers through which amplitudes go to them and come from them.

    Attributes:
        rank: this one's number.
        bytes_sent: of amplitudes, so far.
        exchanges: of half of a rank's amplitudes, so far.
        buffer: for what has to be gathered before it is sent, shape (chunk / 2, 2).
        chunk: amplitudes that are sent at once.
        waited_s: seconds in exchanges.
    """

    def __init__(self, comm: Any, amplitudes: int, least: int) -> None:
        self._comm = comm
        self.rank: int = comm.Get_rank()
        self.ranks: int = comm.Get_size()
        self.chunk = max(2 * least, min(MOST_CHUNK, amplitudes // SHARE))
        self._incoming: Floats = np.empty((self.chunk, 2))
        self.buffer = self._incoming[self.chunk // 2 :]
        self.bytes_sent = self.exchanges = 0
        self.waited_s = 0.0

    def meet(self, partner: int) -> None:
        """Waits until the partner is there as well."""
        since = time.perf_counter()
        come = self._comm.Irecv(self._incoming[:0], source=partner, tag=MEETING)
        gone = self._comm.Isend(self._incoming[:0], dest=partner, tag=MEETING)
        _wait(come, LONGEST_NAP_S)
        _wait(gone, LONGEST_NAP_S)
        self.waited_s += time.perf_counter() - since

    def swap(self, partner: int, outgoing: Floats) -> Floats:
        """Sends amplitudes, as many as a chunk has at most, or the buffer; returns as many, until the next
        call."""
        since, incoming = time.perf_counter(), self._incoming[: len(outgoing)]
        come, sent = self._comm.Irecv(incoming, source=partner), self._comm.Isend(outgoing, dest=partner)
        _wait(come, NAP_S)
        _wait(sent, NAP_S)
        self.waited_s += time.perf_counter() - since
        self.bytes_sent += outgoing.nbytes
        return incoming

    def all(self, value: Any) -> list[Any]:
        """Returns what every rank says, by rank."""
        _wait(self._comm.Ibarrier(), LONGEST_NAP_S)
        found: list[Any] = self._comm.allgather(value)
        return found


def _wait(request: Any, longest_nap_s: float) -> None:
    """Until it is done."""
    looks, nap_s = 0, NAP_S
    while not request.Test():
        looks += 1
        if looks > LOOKS:
            time.sleep(nap_s)
            nap_s = min(1.2 * nap_s, longest_nap_s)
