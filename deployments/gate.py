"""Who may speak to the server at all: its people and their browsers, programs with the credential.

Nobody else reads a page or uses the API. And a sign-in does not help against what comes through a browser
that has one, or against a name that is made to point here (DNS rebinding). So a request is refused before
anything sees it when its `Host` is not the server's own address, or when a browser says that another page
sent it (`Origin`; `Sec-Fetch-Site`, W3C Fetch Metadata).
"""

import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path

from deployments.address import Address
from deployments.front.answers import is_answer, signed
from deployments.front.asgi import (
    READS,
    App,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    TooLong,
    again,
    answer,
    body_of,
    redirect,
    values,
    without,
)
from deployments.front.newer_pages import newer_page
from deployments.front.onward import Onward
from deployments.front.peers import owner
from deployments.front.permitted import NotPermitted, check_permitted, checked, sets
from deployments.front.signing_in import SIGN_IN, SIGN_OUT, Asker, FrontDesk, PeerOwner
from deployments.front.ui_settings import PATHS, plain_settings
from escalation.model.errors import BadInput

_log = logging.getLogger(__name__)
NOT_SHOWN = ("/docs", "/redoc", "/openapi.json")
"""Prefect's pages about its own API: they run scripts that others serve."""
TO_ALL = ("/api/health", "/api/ready")
"""Whether it is up may be asked by everybody."""
RECORDS = ("/reports", "/mlflow")
_MOST_BYTES = 1 << 20
_NAMED_BY_CONTENT = re.compile(r"(/v2)?/assets/[\w.-]+-[\w-]{8}\.\w+")
"""Scripts and styles of Prefect's pages: what changes in them changes their name."""
_FOR_EVER = (b"cache-control", b"private, max-age=31536000, immutable")
"""A page loads some sixty of them, and a browser that may not keep them asks for each of them every time."""


_LOADS = (
    "img-src 'self' data: blob:; media-src 'self'; font-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
"""Text of a problem that a page took for markup loads nothing from elsewhere."""
_RUNS = "script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval'; worker-src 'self' blob:"
"""Nor does it run in Prefect's pages, which have no script in their text. MLflow shows reports that have."""


class AccessGate:
    """An ASGI application around Prefect's, to which it lets through what may come."""

    def __init__(
        self, app: App, address: Address, home: Path, owner_of: PeerOwner = owner, *, newer: bool = True
    ) -> None:
        """Args: newer: whether people are led to the newer of Prefect's two sets of pages."""
        self._app, self._hosts, self._origins, self._newer = app, address.hosts(), address.origins(), newer
        self._encrypted = frozenset(address.public_hosts() if address.encrypted else ())
        self._desk, self._records = FrontDesk(home, address.port, owner_of), Onward(home)
        sources = " ".join([*self._origins, *(f"ws{each.removeprefix('http')}" for each in self._origins)])
        self._policy = f"{_LOADS}; connect-src 'self' {sources}"
        self._headers: Headers = [
            (b"x-frame-options", b"DENY"),
            (b"x-content-type-options", b"nosniff"),
            # With `no-referrer` a form of our own would be sent with `Origin: null`.
            (b"referrer-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with 403 what is refused, with 401 whoever is nobody; a WebSocket is closed."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self.refusal(scope["headers"], scope["path"])
        if refusal is None and _lowered(scope["headers"], b"host")[0] in self._encrypted:
            # so that a redirect stays encrypted
            scope = {**scope, "scheme": {"http": "https", "websocket": "wss"}[scope["type"]]}
        if refusal is None and scope["type"] == "websocket":
            await self._app(scope, receive, send)  # Prefect asks for the credential in its first message
        elif refusal is None:
            await self._answered(scope, receive, self._protecting(send, scope["path"]))
        elif scope["type"] == "http":
            await answer(send, 403, _refused(refusal), "application/json")
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._let_in(scope, receive, send)
        except TooLong:
            await answer(send, 413, b"", "text/plain")
        except NotPermitted as reason:
            await answer(send, 403, _refused(str(reason)), "application/json")
        except BadInput as reason:  # a file of ours that others could have written: nobody is let in by it
            _log.error("%s", reason)
            await answer(send, 503, b"Nobody can sign in: see the server's log.", "text/plain")

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path in TO_ALL and scope["method"] == "GET":
            await self._app(scope, receive, send)
            return
        asker = self._desk.asker(scope)
        by_a_page = path in {SIGN_IN, SIGN_OUT} or (asker is not None and asker.by_cookie)
        if by_a_page and scope["method"] not in READS and not values(scope["headers"], b"origin"):
            said = _refused("expected the Origin that every browser sends, got none")
            await answer(send, 403, said, "application/json")
        elif path == SIGN_IN:
            await self._desk.sign_in(scope, receive, send)
        elif path == SIGN_OUT:
            await self._desk.sign_out(scope, receive, send)
        elif asker is None:
            await self._desk.ask(scope, send)
        elif _of_records(path):
            await self._records(scope, receive, send, asker.name)
        else:
            await self._to_prefect(scope, receive, send, asker)

    async def _to_prefect(self, scope: Scope, receive: Receive, send: Send, asker: Asker) -> None:
        headers = [*without(scope["headers"], b"authorization"), self._desk.shown_to_prefect()]
        scope = {**scope, "headers": headers}
        if asker.by_cookie:
            scope, receive = await self._permitted(scope, receive, asker.name)
        if self._newer and (newer := newer_page(scope)):
            await redirect(send, newer)
        elif scope["path"] in PATHS:
            await plain_settings(self._app, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _permitted(self, scope: Scope, receive: Receive, name: str) -> tuple[Scope, Receive]:
        """What a person asks, as it may be passed on; raises `NotPermitted`."""
        check_permitted(scope)
        if is_answer(scope):
            person = name if self._desk.users.is_person(name) else None
            return again(scope, signed(await body_of(receive, _MOST_BYTES), person))
        if sets(scope):
            return again(scope, checked(scope, await body_of(receive, _MOST_BYTES)))
        return scope, receive

    def refusal(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> str | None:
        """Why a request may not come through; None where it may."""
        hosts, origins = _lowered(headers, b"host"), _lowered(headers, b"origin")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return f"expected the Host {self._hosts[0]}, got {_shown(hosts)}"
        if any(origin not in self._origins for origin in origins):
            return f"expected no Origin but this server's own pages, got {_shown(origins)}"
        if path.startswith(NOT_SHOWN):
            return "expected a page of this server's own, got one that loads scripts from elsewhere"
        sites = _lowered(headers, b"sec-fetch-site")
        if any(site not in {"same-origin", "none"} for site in sites) and not self._opens_a_page(
            headers, path
        ):
            return f"expected a request of this server's own pages, got {_shown(sites)}"
        return None

    def _opens_a_page(self, headers: Iterable[tuple[bytes, bytes]], path: str) -> bool:
        """Whether a person followed a link: that changes nothing, and the other page cannot read it."""
        mode, target = _lowered(headers, b"sec-fetch-mode"), _lowered(headers, b"sec-fetch-dest")
        return mode == ["navigate"] and target == ["document"] and not path.startswith("/api")

    def _protecting(self, send: Send, path: str) -> Send:
        policy = self._policy if _of_records(path) else f"{self._policy}; {_RUNS}"
        headers = [(b"content-security-policy", policy.encode()), *self._headers]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = message.get("headers", ())
                own = [each for each in headers if not values(sent, each[0])]
                if any(kind.startswith("text/html") for kind in values(sent, b"content-type")):
                    # A browser that keeps a page shows it, without its scripts, to whoever signed out.
                    sent, own = without(sent, b"cache-control"), [*own, (b"cache-control", b"no-store")]
                elif message["status"] in (200, 304) and _NAMED_BY_CONTENT.fullmatch(path):
                    sent, own = without(sent, b"cache-control"), [*own, _FOR_EVER]
                message = {**message, "headers": [*sent, *own]}
            await send(message)

        return with_headers


def _of_records(path: str) -> bool:
    return path in RECORDS or path.startswith(tuple(f"{each}/" for each in RECORDS))


def _refused(why: str) -> bytes:
    return json.dumps({"detail": f"refused: {why}"}).encode()


def _lowered(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.lower() for value in values(headers, name)]


def _shown(values: list[str]) -> str:
    """The request, in a line that can stand in JSON."""
    text = ", ".join(values) or "none"
    return "".join(char if char.isalnum() or char in " .,:/-_[]" else "?" for char in text)[:80]
