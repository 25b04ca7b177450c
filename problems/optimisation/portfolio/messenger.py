"""Messages between ranks that are busy with other things: never waited for, none left behind."""

import time
from collections.abc import Callable
from typing import Any

REST_S = 0.001


class Messenger:
    """One message at a time to each other rank of a communicator; synchronous sends that are not waited for.

    A second message to a rank has to wait until the first one was received, so a rank that is busy for
    seconds never has more than one message of each other rank to catch up with.
    """

    def __init__(self, comm: Any, tag: int = 1) -> None:
        self._comm, self._tag = comm, tag
        self._sent: dict[int, tuple[Any, bytes]] = {}
        self._coming: list[tuple[int, Any, bytearray]] = []
        self.rank: int = comm.Get_rank()
        self.size: int = comm.Get_size()

    def ready(self, destination: int) -> bool:
        """Whether the last message to that rank has been received."""
        if destination in self._sent and self._sent[destination][0].Test():
            del self._sent[destination]
        return destination not in self._sent

    def send(self, destination: int, message: bytes) -> None:
        """Sends to a rank that is `ready`."""
        request = self._comm.Issend(message, dest=destination, tag=self._tag)
        self._sent[destination] = (request, message)

    def receive(self) -> list[tuple[int, bytes]]:
        """Returns what has come whole, with who sent it, in the order of each sender."""
        from mpi4py import MPI

        status = MPI.Status()
        while (message := self._comm.Improbe(tag=self._tag, status=status)) is not None:
            data = bytearray(status.Get_count(MPI.BYTE))
            self._coming.append((status.Get_source(), message.Irecv([data, MPI.BYTE]), data))
        came = []
        while self._coming and self._coming[0][1].Test():
            source, _, data = self._coming.pop(0)
            came.append((source, bytes(data)))
        return came

    def close(self, poll: Callable[[bool], bool]) -> None:
        """Returns when every rank has called this and every message has been received.

        A rank joins a barrier once it has said everything and its messages were taken, and goes on receiving
        until all have joined (Hoefler, Siebert & Lumsdaine 2010, Scalable communication protocols for dynamic
        sparse data exchange, PPoPP, 159).

        Args:
            poll: called over and over until then; it has to receive. While it is passed True it may send as
                well, and returns whether it has nothing more to say.
        """
        barrier = None
        while True:
            silent = poll(barrier is None)
            if barrier is None and silent and all(self.ready(rank) for rank in list(self._sent)):
                barrier = self._comm.Ibarrier()
            elif barrier is not None and barrier.Test() and not self._coming:
                return
            time.sleep(REST_S)
