"""ASGI in the few words that the gate needs (https://asgi.readthedocs.io/en/latest/specs/www.html)."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


READS = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing."""


class TooLong(ValueError):
    """A request has a longer body than is taken."""


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """All values of a header, as they were sent."""
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def without(headers: Iterable[tuple[bytes, bytes]], *names: bytes) -> Headers:
    """The other headers."""
    return [(key, value) for key, value in headers if key.lower() not in names]


def cookies(headers: Iterable[tuple[bytes, bytes]], name: str) -> list[str]:
    """All values of a cookie: a browser sends those of one name that were set for different paths."""
    pairs = (pair.strip().partition("=") for line in values(headers, b"cookie") for pair in line.split(";"))
    return [value for key, _, value in pairs if key == name]


def opens_a_page(scope: Scope) -> bool:
    """Whether somebody looks at a page in a browser, rather than a program or a script at data."""
    return scope["method"] in {"GET", "HEAD"} and "text/html" in ",".join(values(scope["headers"], b"accept"))


async def body_of(receive: Receive, most_bytes: int) -> bytes:
    """The whole body of a request.

    Raises:
        TooLong: when it has more bytes than that.
    """
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > most_bytes:
            raise TooLong
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return body


def again(scope: Scope, body: bytes) -> tuple[Scope, Receive]:
    """The request with another body."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    length = (b"content-length", str(len(body)).encode())
    return {**scope, "headers": [*without(scope["headers"], b"content-length"), length]}, receive


async def answer(
    send: Send, status: int, body: bytes, kind: str, headers: Iterable[tuple[str, str]] = ()
) -> None:
    """Sends a whole answer, which nothing keeps."""
    sent = [
        ("content-type", kind),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        *headers,
    ]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in sent]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


async def redirect(send: Send, where: str, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Sends a browser on, to be asked for by GET."""
    await answer(send, 303, b"", "text/plain", [("location", where), *headers])
