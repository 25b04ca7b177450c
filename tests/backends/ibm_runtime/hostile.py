"""A service that does what it likes: an HTTP server on plain sockets, written from the wire's description.

It shares nothing with the client's side or with the practice service. An answer is bytes, or a function that
writes to the socket for as long as it likes; it ends when the server is closed.
"""

import json
import re
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

TOKEN = "access-token-of-the-test"
DEVICE = "practice_hostile"
Write = Callable[[bytes], None]
Answer = bytes | Callable[[Write, threading.Event], None]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


def http(status: int, body: bytes, *headers: str) -> bytes:
    """An answer in one piece."""
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def said(data: Any, status: int = 200, *headers: str) -> bytes:
    """An answer in JSON; numbers that are none go out as Python writes them."""
    return http(status, json.dumps(data).encode(), "Content-Type: application/json", *headers)


def dripping(at_once: bytes, piece: bytes, every_s: float) -> Callable[[Write, threading.Event], None]:
    """Begins, and goes on by a piece now and then, without end."""

    def write(out: Write, over: threading.Event) -> None:
        out(at_once)
        while not over.wait(every_s):
            out(piece)

    return write


def flooding(head: bytes, piece: bytes = b"x" * 65536) -> Answer:
    """Sends as fast as it can, without end."""
    return dripping(head, piece, 0.0)


def access_token() -> bytes:
    """What the identity service answers: a token that is good for an hour."""
    parts = [{"alg": "none"}, {"iat": 10**9, "exp": 4 * 10**9, "sub": TOKEN}]
    text = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return said({"access_token": f"{text}.c2lnbmF0dXJl", "expires_in": 3600, "expiration": 4 * 10**9})


@dataclass
class Hostile:
    """Answers by `METHOD path` (a regular expression); the last that fits counts, what fits none is 404.

    Attributes:
        at_once: answers to whoever connects, before a request has come.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    at_once: Callable[[Write, threading.Event], None] | None = None

    def __post_init__(self) -> None:
        self.answers = {
            "POST /identity/token": access_token(),
            "GET /backends": said({"devices": [{"name": DEVICE, "practice": "hostile"}]}),
            **self.answers,
        }
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def of(self, method: str, path: str) -> list[Asked]:
        """The requests of that kind that came."""
        return [each for each in self.asked if each.method == method and re.fullmatch(path, each.path)]

    def close(self) -> None:
        """Ends every answer, then the server."""
        self._over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(30)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(30)
            thread = threading.Thread(target=self._answer, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError):
            if self.at_once is not None:
                self.at_once(connection.sendall, self._over)
            asked = _read(connection)
            self.asked.append(asked)
            line, found = f"{asked.method} {asked.path}", http(404, b"{}")
            for pattern, answer in self.answers.items():
                if re.fullmatch(pattern, line):
                    found = answer  # type: ignore[assignment]
            if isinstance(found, bytes):
                connection.sendall(found)
            else:
                found(connection.sendall, self._over)


def _read(connection: socket.socket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ValueError("no request came")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        more = connection.recv(65536)
        if not more:
            break
        body += more
    path, _, query = target.partition("?")
    return Asked(method, path, query, headers, body)
