"""Signing in and out, and who is asking: by the cookie of a browser, or by HTTP Basic of a program."""

import asyncio
import hmac
import ipaddress
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from deployments.front.asgi import (
    Headers,
    Receive,
    Scope,
    Send,
    TooLong,
    answer,
    body_of,
    cookies,
    opens_a_page,
    redirect,
    values,
)
from deployments.front.attempts import Attempts
from deployments.front.peers import ELSEWHERE, End, owner
from deployments.front.sessions import LONGEST_S, Sessions
from deployments.front.sign_in_page import POLICY, form, once_more, signed_in
from deployments.front.users import Users
from flows.credential import credential

SIGN_IN, SIGN_OUT = "/signin", "/signout"
_MOST_BYTES = 8192
_HTML = "text/html; charset=utf-8"
_PAGE = [("content-security-policy", POLICY)]
_AT_ONCE = 2
"""Hashes of passwords that are made side by side: each takes 32 MiB."""
PeerOwner = Callable[[End | None, End | None], str | None]


class Asker(NamedTuple):
    """Who is asking."""

    name: str
    by_cookie: bool


class FrontDesk:
    """Knows who is who, and lets people sign in."""

    def __init__(self, home: Path, port: int, owner_of: PeerOwner = owner) -> None:
        self._home, self._owner = home, owner_of
        self.users = Users(home)
        self._sessions, self._attempts = Sessions(home, self.users), Attempts()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._cookie = f"tierwise-{port}"

    def asker(self, scope: Scope) -> Asker | None:
        """Whoever asks; None where that cannot be known.

        A cookie goes first: a page may show a credential still that counts no more.
        """
        tokens = cookies(scope["headers"], self._name_of_cookie(scope))
        from_whom = self._owner(scope.get("client"), scope.get("server")) if tokens else None
        # All of them, ours last: a page of another port can set more of that name, for a longer path, and a
        # browser sends those first (RFC 6265, 5.4).
        for token in reversed(tokens):
            name = self._sessions.name(token, from_whom)
            if name is not None:
                return Asker(name, by_cookie=True)
        return self._program(scope["headers"])

    def _program(self, headers: Headers) -> Asker | None:
        expected, shown = credential(self._home), values(headers, b"authorization")
        if expected is None or len(shown) != 1:
            return None
        scheme, _, encoded = shown[0].partition(" ")
        try:
            found = b64decode(encoded.strip(), validate=True)
        except ValueError:
            return None
        if scheme.lower() != "basic" or not hmac.compare_digest(found, expected.encode()):
            return None
        return Asker(expected.partition(":")[0], by_cookie=False)

    def shown_to_prefect(self) -> tuple[bytes, bytes]:
        """The header by which Prefect, behind the gate, knows that somebody may."""
        return b"authorization", b"Basic " + b64encode((credential(self._home) or "").encode())

    async def ask(self, scope: Scope, send: Send) -> None:
        """Answers somebody who is nobody yet: a page is led to the form, a program is told."""
        if scope["path"].startswith("/api") or not opens_a_page(scope):
            kind = [("www-authenticate", 'Basic realm="tierwise"')] if not _is_script(scope) else []
            await answer(send, 401, b'{"exception_message":"Unauthorized"}', "application/json", kind)
        elif "cross-site" in values(scope["headers"], b"sec-fetch-site"):
            await answer(send, 200, once_more(), _HTML, _PAGE)
        else:
            query = scope.get("query_string", b"").decode("latin-1")
            asked = quote(scope["path"]) + (f"?{query}" if query else "")
            await redirect(send, f"{SIGN_IN}?next={quote(asked, safe='/')}")

    async def sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The form, and what was typed into it."""
        known = self.asker(scope)
        if scope["method"] in {"GET", "HEAD"}:
            page = signed_in(known.name) if known else self._form()
            await answer(send, 200, page, _HTML, _PAGE)
        elif scope["method"] != "POST":
            await answer(send, 405, b"", "text/plain", [("allow", "GET, POST")])
        else:
            await self._try(scope, receive, send)

    async def _try(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            fields = parse_qs((await body_of(receive, _MOST_BYTES)).decode(), max_num_fields=8)
        except (TooLong, ValueError):
            await answer(send, 400, self._form("That was no sign-in form."), _HTML, _PAGE)
            return
        name, password = (fields.get(field, [""])[0] for field in ("name", "password"))
        from_whom = self._owner(scope.get("client"), scope.get("server"))
        whose = name if self.users.names() else ""  # the credential is one, whatever name is typed
        key = (_whence(scope, from_whom), whose)
        wait_s = self._attempts.wait_s(key)
        if wait_s:
            said = self._form(f"Too many tries: try again in {wait_s:.0f} seconds.", name)
            await answer(send, 429, said, _HTML, [*_PAGE, ("retry-after", f"{wait_s + 1:.0f}")])
            return
        self._attempts.failed(key)  # before it is known, so that many at once count too
        async with self._turn:
            found = await asyncio.to_thread(self.users.check, name, password)
        if found is None or from_whom is None:
            await answer(send, 401, self._form("Name or password is not right.", name), _HTML, _PAGE)
            return
        self._attempts.succeeded(key)
        cookie = self._set_cookie(scope, self._sessions.begin(found, from_whom), LONGEST_S)
        await redirect(send, _next(scope), [cookie])

    async def sign_out(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ends the session; by POST, so that no link does it."""
        if scope["method"] != "POST":
            await redirect(send, SIGN_IN)
            return
        await body_of(receive, _MOST_BYTES)
        for token in cookies(scope["headers"], self._name_of_cookie(scope)):
            self._sessions.end(token)
        await redirect(send, SIGN_IN, [self._set_cookie(scope, "", 0)])

    def _form(self, wrong: str = "", name: str = "") -> bytes:
        return form(wrong, name, credential=not self.users.names())

    def _name_of_cookie(self, scope: Scope) -> str:
        """By port, because cookies are not; where it is encrypted, one that no unencrypted page can set."""
        return f"__Host-{self._cookie}" if scope["scheme"] == "https" else self._cookie

    def _set_cookie(self, scope: Scope, token: str, age_s: float) -> tuple[str, str]:
        secure = "; Secure" if scope["scheme"] == "https" else ""
        kept = f"Path=/; HttpOnly; SameSite=Strict; Max-Age={age_s:.0f}{secure}"
        return "set-cookie", f"{self._name_of_cookie(scope)}={token}; {kept}"


def _whence(scope: Scope, from_whom: str | None) -> str:
    """By whom tries are counted: what nobody has many of.

    On this machine the user, because all of 127.0.0.0/8 is everybody's; elsewhere the address, of IPv6 the
    network of 64 bits that one household or machine is given (RFC 6177).
    """
    if from_whom != ELSEWHERE or not scope.get("client"):
        return f"user {from_whom}"
    address = ipaddress.ip_address(scope["client"][0].partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return str(ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False))


def _next(scope: Scope) -> str:
    """Where to go on: a place of this server, and nowhere else."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("next", ["/"])[0]
    parts = urlsplit(asked)
    plain = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    here = plain and not parts.scheme and not parts.netloc and parts.path not in {SIGN_IN, SIGN_OUT}
    return quote(asked, safe="/?=&%:,;+@!*()~") if here else "/"


def _is_script(scope: Scope) -> bool:
    """Whether a page's script asks; a browser would open its own dialog over the page."""
    return bool(values(scope["headers"], b"sec-fetch-mode"))
