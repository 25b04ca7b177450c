"""An exchange over HTTP that ends: bounded in time as a whole, and in the size of what comes.

The timeouts of requests are of silence. A peer that sends a byte now and then, in the status line, the
headers or the body, holds its client for ever; so does one that never stops sending, and a few kilobytes may
unpack to gigabytes. Here a timer shuts the socket down at the deadline, whatever its reader is doing, and the
body is read and unpacked in pieces that are counted. Redirects are not followed: the access token would not
go along, but the answer of another host would be believed.
"""

import os
import socket
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

WHOLE_S, LARGE_S = 120.0, 900.0
"""Seconds for a whole exchange, and for one that carries a job or its result."""
DOCUMENT_BYTES, RESULT_BYTES = 16 * 2**20, 256 * 2**20
"""Limits on an unpacked answer: a document, and the result of a job."""
PIECE = 2**16
PACKED = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_mine = threading.local()


class UnusableAnswer(requests.RequestException):
    """An answer came that is not worth its reading: too slow, too large, packed oddly, or a redirect."""


class Guard:
    """Shuts down the socket of one exchange when its time is over."""

    def __init__(self, whole_s: float) -> None:
        self.whole_s = whole_s
        self.over = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(whole_s, self._end)
        self._timer.daemon = True

    def watch(self, sock: Any) -> None:
        """Takes a socket that the exchange goes on from here; TLS may be put on it later."""
        with self._lock:
            self._let_go()
            self._socket = socket.socket(fileno=os.dup(sock.fileno()))
            if self.over:
                self._shut()

    def check(self) -> None:
        """Raises `UnusableAnswer` when the time is over."""
        if self.over:
            raise UnusableAnswer(f"no whole answer came within {self.whole_s:g} s")

    def __enter__(self) -> "Guard":
        _mine.guard = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        _mine.guard = None
        with self._lock:
            self._let_go()

    def _end(self) -> None:
        with self._lock:
            self.over = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # the peer was faster
                self._socket.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Watched:
    """A connection that shows its socket to the guard of the exchange that uses it."""

    sock: Any

    def _new_conn(self) -> Any:
        made = super()._new_conn()  # type: ignore[misc]  # a mixin before urllib3's connections
        _watch(made)
        return made

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Sends a request, on the socket that there is or on a new one."""
        _watch(self.sock)
        return super().request(*args, **kwargs)  # type: ignore[misc]


def _watch(sock: Any) -> None:
    guard: Guard | None = getattr(_mine, "guard", None)
    if guard is not None and sock is not None:
        guard.watch(sock)


class _Plain(_Watched, HTTPConnection):
    """Over TCP."""


class _Secure(_Watched, HTTPSConnection):
    """Over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class Bounded(HTTPAdapter):
    """Sends a request once, and returns its answer whole, or raises `requests.RequestException`."""

    def __init__(self, timeout_s: tuple[float, float]) -> None:
        """Takes the seconds to connect, and of silence."""
        super().__init__(max_retries=0)
        self._timeout_s = timeout_s

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Has requests' own pools make our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """The same where there is a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def exchange(self, request: "PreparedRequest", *, large: bool, **known: Any) -> "Response":
        """Makes one exchange.

        Args:
            request: to be sent.
            large: whether it carries a job or its result.
            known: `verify`, `cert`, `proxies` of the session.

        Raises:
            requests.RequestException: where no whole answer comes; its `response` is the answer's head where
                that came.
        """
        request.headers["Accept-Encoding"] = "gzip, deflate"
        with Guard(LARGE_S if large else WHOLE_S) as guard:
            try:
                response: Response = HTTPAdapter.send(
                    self, request, stream=True, timeout=self._timeout_s, **known
                )
            except requests.RequestException:
                guard.check()
                raise
            try:
                body = _whole(response.raw, RESULT_BYTES if large else DOCUMENT_BYTES)
                guard.check()
                if response.is_redirect:
                    raise UnusableAnswer(f"a redirect of {request.method} was not followed")
            except (HTTPError, OSError) as error:  # urllib3's; requests' own are of the latter
                response.close()
                raise _told(error, guard, response) from None
        response._content, response._content_consumed = body, True
        return response


def _told(error: Exception, guard: Guard, response: "Response") -> requests.RequestException:
    """The error as one of requests, with the head of the answer."""
    try:
        guard.check()
    except UnusableAnswer as late:
        error = late
    if isinstance(error, requests.RequestException):
        error.response = response
        return error
    return requests.ConnectionError(f"{type(error).__name__}: {error}", response=response)


def _whole(raw: Any, most: int) -> bytes:
    """Reads a body to its end, unpacked."""
    packed = raw.headers.get("Content-Encoding", "").strip().lower()
    if packed not in ("", "identity", *PACKED):
        raise UnusableAnswer(f"expected an answer that is plain, gzip or deflate, got {packed[:40]!r}")
    unpack = zlib.decompressobj(PACKED[packed]) if packed in PACKED else None
    pieces, size = [], 0
    while piece := raw.read1(PIECE, decode_content=False):
        if unpack is not None:
            piece = _unpacked(unpack, piece, most - size + 1)
        size += len(piece)
        if size > most:
            raise UnusableAnswer(f"expected at most {most} bytes, got more")
        pieces.append(piece)
    if unpack is not None and not unpack.eof:
        raise UnusableAnswer("expected a packed answer, got one that is cut off")
    return b"".join(pieces)


def _unpacked(unpack: Any, piece: bytes, most: int) -> bytes:
    try:
        return bytes(unpack.decompress(piece, most))
    except zlib.error as error:
        raise UnusableAnswer(f"expected a packed answer, got {error}") from None
