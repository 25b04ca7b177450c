"""Hands requests on to the process that shows the records, over a socket that its user alone reaches."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from deployments.front.asgi import Receive, Scope, Send, answer, body_of, values

SOCKET = "pages.sock"
WHO = "x-tierwise-user"
_MOST_BYTES = 1 << 20
_FIRST_ANSWER_S = 120.0
"""The first page of MLflow waits for its import."""
_PASSED = (b"accept", b"content-type", b"range", b"if-none-match", b"if-modified-since")
_KEPT = {"content-type", "content-length", "content-encoding", "content-disposition", "content-range", "etag"}
_KEPT |= {"last-modified", "cache-control", "location", "content-security-policy", "accept-ranges"}


class Onward:
    """An ASGI application that is elsewhere."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send, who: str) -> None:
        """Answers as the other process does; with 503 while that is not up.

        Raises:
            TooLong: when the request is.
        """
        body = await body_of(receive, _MOST_BYTES)
        headers = [
            (name, value.encode("latin-1")) for name in _PASSED for value in values(scope["headers"], name)
        ]
        headers += [(WHO.encode(), who.encode()), (b"host", b"localhost")]
        url = httpx.URL(
            scheme="http", host="localhost", raw_path=scope["raw_path"] + b"?" + scope["query_string"]
        )
        try:
            client = self._client or self._opened()
            async with client.stream(scope["method"], url, headers=headers, content=body) as got:
                kept = [(n.encode(), v.encode("latin-1")) for n, v in got.headers.items() if n in _KEPT]
                await send({"type": "http.response.start", "status": got.status_code, "headers": kept})
                await _passed_on(got.aiter_raw(), send)
        except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
            said = b"The pages of reports and MLflow are being started: try again in a few seconds."
            await answer(send, 503, said, "text/plain", [("retry-after", "5")])

    def _opened(self) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(uds=str(short(self._home) / SOCKET))
        self._client = httpx.AsyncClient(transport=transport, timeout=_FIRST_ANSWER_S, follow_redirects=False)
        return self._client


async def _passed_on(parts: AsyncIterator[bytes], send: Send) -> None:
    async for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def short(folder: Path) -> Path:
    """The same folder by a path of a few characters: a socket's has at most 107 (unix(7))."""
    return Path(f"/proc/self/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY)}")
