"""Reads what is at an address: of a bounded size, within a bounded time, whole, and followed nowhere else.

A time limit of a socket starts anew with every byte that comes, so a server that sends one a second holds a
reader for as long as it likes: in the handshake, in the headers, in the body. So a timer hangs up.
"""

import http.client
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from escalation.model.errors import BadInput
from escalation.text.visible import visible

CONNECT_S = 30.0
_CHUNK = 2**20


def fetched(address: str, most_bytes: int, most_s: float) -> bytes:
    """Returns the bytes at an address.

    Args:
        address: that may be read.
        most_bytes: of what is there.
        most_s: from the first connection to the last byte.

    Raises:
        BadInput: with one line.
    """
    told = visible(address)
    with _Timer(most_s) as timer:
        try:
            body = _body(address, told, most_bytes, timer)
        except urllib.error.HTTPError as error:
            error.close()
            raise BadInput(f"{told}: what is there answers {error.code}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            timer.check(told)
            raise BadInput(f"{told}: cannot be read: {getattr(error, 'reason', None) or error}") from None
        timer.check(told)
    return body


def _body(address: str, told: str, most_bytes: int, timer: "_Timer") -> bytes:
    chunks, size = [], 0
    opener = urllib.request.build_opener(_Straight, _Plain(timer), _Encrypted(timer))
    with opener.open(address, timeout=CONNECT_S) as answer:
        while chunk := answer.read(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > most_bytes:
                raise BadInput(f"{told}: expected at most {most_bytes:,} bytes, got more")
        if answer.length:  # what is still to come, where the server said how much it is
            raise http.client.HTTPException(f"the connection ended {answer.length:,} bytes early")
    return b"".join(chunks)


class _Timer:
    """Hangs up connections when the time is over, whatever they are at."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._over, self._lines, self._lock = False, list[socket.socket](), threading.Lock()
        self._timer = threading.Timer(most_s, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> "_Timer":
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def connected(self, *where: Any, **how: Any) -> socket.socket:
        """A connection, as `socket.create_connection` makes it, that is hung up in time."""
        made = socket.create_connection(*where, **how)
        with self._lock:
            self._lines.append(made.dup())  # the connection's own goes into what encrypts it
        if self._over:
            self._hang_up()
        return made

    def check(self, told: str) -> None:
        """Raises `BadInput` when the time was over."""
        if self._over:
            raise BadInput(f"{told}: expected within {self._most_s:g} s, it took longer") from None

    def _hang_up(self) -> None:
        with self._lock:
            self._over = True
            for line in self._lines:
                with suppress(OSError):  # it has ended by itself
                    line.shutdown(socket.SHUT_RDWR)


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: what is allowed is that address alone."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _timed(kind: Callable[..., http.client.HTTPConnection], timer: _Timer) -> Callable[..., Any]:
    """Makes connections of a kind that the timer hangs up."""

    def make(host: str, **how: Any) -> http.client.HTTPConnection:
        made = kind(host, **how)
        made._create_connection = timer.connected  # type: ignore[attr-defined]
        return made

    return make


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, timer: _Timer) -> None:
        super().__init__()
        self._timer = timer

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_timed(http.client.HTTPConnection, self._timer), req)


class _Encrypted(urllib.request.HTTPSHandler):
    def __init__(self, timer: _Timer) -> None:
        super().__init__()
        self._timer = timer

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_timed(http.client.HTTPSConnection, self._timer), req)
