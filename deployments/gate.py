"""Who may speak to the server at all: pages of its own, and programs that name it rightly.

A credential does not help against what comes through a browser that has one, or against a name that is made
to point here (DNS rebinding). So a request is refused before Prefect sees it when its `Host` is not the
server's own address, or when a browser says that another page sent it (`Origin`; `Sec-Fetch-Site`, W3C Fetch
Metadata).
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from deployments.address import Address

NOT_SHOWN = ("/docs", "/redoc", "/openapi.json")
"""Prefect's pages about its own API: they need no credential, and run scripts that others serve."""
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class AccessGate:
    """An ASGI application around another, to which it lets through what may come."""

    def __init__(self, app: App, address: Address) -> None:
        self._app, self._hosts, self._origins = app, address.hosts(), address.origins()
        self._encrypted = frozenset(address.public_hosts() if address.encrypted else ())
        sources = " ".join([*self._origins, *(f"ws{each.removeprefix('http')}" for each in self._origins)])
        policy = f"connect-src 'self' {sources}; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
        self._headers: Headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-frame-options", b"DENY"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with 403 what is refused; a WebSocket is closed before it is accepted."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self.refusal(scope["headers"], scope["path"])
        if refusal is None:
            if _all(scope["headers"], b"host")[0] in self._encrypted:  # so that a redirect stays encrypted
                scope = {**scope, "scheme": {"http": "https", "websocket": "wss"}[scope["type"]]}
            await self._app(scope, receive, self._protecting(send) if scope["type"] == "http" else send)
        elif scope["type"] == "http":
            await _refuse(send, refusal)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})

    def refusal(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> str | None:
        """Why a request may not come through; None where it may."""
        hosts, origins = _all(headers, b"host"), _all(headers, b"origin")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return f"expected the Host {self._hosts[0]}, got {_shown(hosts)}"
        if any(origin not in self._origins for origin in origins):
            return f"expected no Origin but this server's own pages, got {_shown(origins)}"
        if path.startswith(NOT_SHOWN):
            return "expected a page of this server's own, got one that loads scripts from elsewhere"
        sites = _all(headers, b"sec-fetch-site")
        if any(site not in {"same-origin", "none"} for site in sites) and not self._opens_a_page(
            headers, path
        ):
            # Asked by the page at `localhost` of the API at 127.0.0.1, which is another site by name alone.
            return None if origins else f"expected a request of this server's own pages, got {_shown(sites)}"
        return None

    def _opens_a_page(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> bool:
        """Whether a person followed a link: that changes nothing, and the other page cannot read it."""
        mode, target = _all(headers, b"sec-fetch-mode"), _all(headers, b"sec-fetch-dest")
        return mode == ["navigate"] and target == ["document"] and not path.startswith("/api")

    def _protecting(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        return with_headers


async def _refuse(send: Send, refusal: str) -> None:
    body = f'{{"detail": "refused: {refusal}"}}'.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _all(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for key, value in headers if key.lower() == name]


def _shown(values: list[str]) -> str:
    """The request, in a line that can stand in JSON."""
    text = ", ".join(values) or "none"
    return "".join(char if char.isalnum() or char in " .,:/-_[]" else "?" for char in text)[:80]
