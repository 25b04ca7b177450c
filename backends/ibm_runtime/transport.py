"""The adapter on the HTTP session of IBM's client: no retries, our timeouts, one checked POST of a job.

The client itself is left as it is. It would send a POST again by itself, up to five times, on a 5xx
(`PostForcelistRetry` in `qiskit_ibm_runtime/api/session.py`, 0.51); its retries sit in the adapters that
`RetrySession` mounts, so another adapter is mounted in their place, which is what requests is made for.
"""

import io
import json
import os
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from backends.ibm_runtime.bounded import Bounded
from backends.ibm_runtime.documents import parse
from backends.ibm_runtime.exchange import Exchange, LocallyRefused, NoAccessToken
from escalation.model.identity import canonical_json, digest_bytes

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

APPLICATION = "X-Qx-Client-Application"
NO_APPLICATION = "/qiskit"
OPT_OUT = "USAGE_DATA_OPT_OUT"


@dataclass
class PostPermit:
    """Permit to POST one job: the frozen bytes and the batch, or None to take the body and send nothing.

    Attributes:
        frozen: canonical JSON of the body without its `session_id`.
        digest: its SHA-256, which an approval binds to.
        batch: the batch it goes into.
        taken: the body that the client made, where nothing is sent.
        used: whether the one POST was begun.
    """

    frozen: bytes | None = None
    digest: str = ""
    batch: str = ""
    taken: bytes = b""
    used: bool = False

    def body(self, made: bytes) -> bytes:
        """Returns what goes out: the frozen bytes with the batch, where the client means the same by its own.

        Raises:
            LocallyRefused: on any difference, and on a second POST.
        """
        assert self.frozen is not None
        if self.used:
            raise LocallyRefused("a second POST of a job was held back: an approval sends once")
        body, frozen = json.loads(made), json.loads(self.frozen)
        same = body.pop("session_id", None) == self.batch and body == frozen and "session_id" not in frozen
        if not same or digest_bytes(self.frozen) != self.digest:
            raise LocallyRefused(
                f"expected to POST the payload {self.digest} into batch {self.batch}, got something else "
                "from the client; it was held back"
            )
        self.used = True
        return self.frozen[:-1] + b',"session_id":' + canonical_json(self.batch) + b"}"


class Captured(Exception):
    """Ends a call of the client that was made for its body alone: it was taken, and nothing sent."""


@dataclass
class CallContext:
    """Context of the call that a thread makes: the exchanges since it began, and its permit to POST a job."""

    exchanges: list[Exchange] = field(default_factory=list)
    permit: PostPermit | None = None


class _Watched(io.BytesIO):
    """A request's body that knows whether anybody has begun to send it."""

    def __init__(self, data: bytes, exchange: Exchange) -> None:
        super().__init__(data)
        self._exchange = exchange

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads, and says so."""
        self._exchange.body_begun = True
        return super().read(size)


class NoRetryAdapter(Bounded):
    """Sends each request at most once, bounded in time and size, and records its exchange.

    A job is POSTed on a connection of its own: a pooled one that the service has just closed would leave it
    open whether the job got through.
    """

    def __init__(self, contexts: Any, timeout_s: tuple[float, float]) -> None:
        """Takes the place where each thread keeps its `CallContext`: an object with a `context`."""
        super().__init__(timeout_s)
        self._contexts = contexts

    def send(self, request: "PreparedRequest", *args: Any, **kwargs: Any) -> "Response":
        """Sends a request; raises `requests.RequestException` when no whole answer comes."""
        context: CallContext = self._contexts.context
        exchange = Exchange(str(request.method), urlsplit(str(request.url)).path)
        posts_job = exchange.method == "POST" and exchange.path.endswith("/jobs")
        if posts_job and context.permit is not None and context.permit.frozen is None:
            context.permit.taken = _bytes(request)
            raise Captured
        context.exchanges.append(exchange)
        request.headers[APPLICATION] = NO_APPLICATION
        known: dict[str, Any] = {
            name: kwargs[name] for name in ("verify", "cert", "proxies") if name in kwargs
        }
        try:
            if posts_job:
                return self._post_job(request, context.permit, exchange, known)
            return self._once(self, request, exchange, known)
        except Exception as error:
            exchange.error = error
            raise

    def _post_job(
        self, request: "PreparedRequest", permit: PostPermit | None, exchange: Exchange, known: dict[str, Any]
    ) -> "Response":
        if permit is None:
            raise LocallyRefused("a POST of a job outside of a submission was held back")
        body = permit.body(_bytes(request))
        request.body = _Watched(body, exchange)
        request.headers["Content-Length"] = str(len(body))
        with closing(Bounded(self._timeout_s)) as fresh:
            return self._once(fresh, request, exchange, known)

    def _once(
        self, adapter: Bounded, request: "PreparedRequest", exchange: Exchange, known: dict[str, Any]
    ) -> "Response":
        large = exchange.path.endswith("/results") or isinstance(request.body, _Watched)
        try:
            response = adapter.exchange(request, large=large, **known)
        except requests.RequestException as error:
            if error.response is not None:
                exchange.status, exchange.headers = error.response.status_code, dict(error.response.headers)
            raise
        exchange.status, exchange.headers = response.status_code, dict(response.headers)
        exchange.body = response.content
        return response


def _bytes(request: "PreparedRequest") -> bytes:
    body: Any = request.body
    return body.encode() if isinstance(body, str) else bytes(body or b"")


class _TokenAdapter(Bounded):
    """The bounded exchange as the adapter of a session of its own."""

    def send(self, request: "PreparedRequest", *args: Any, **kwargs: Any) -> "Response":
        """Sends a request; raises `requests.RequestException` when no whole answer comes."""
        known = {name: kwargs[name] for name in ("verify", "cert", "proxies") if name in kwargs}
        return self.exchange(request, large=False, **known)


class Bearer(AuthBase):
    """Authorises requests with an access token alone.

    The client's own handler (`CloudAuth.get_headers`) sends the API key itself to the service where it gets
    no access token; and after a failure its token manager waits for up to a minute (`paced_request_token`).
    """

    def __init__(
        self, cloud: Any, contexts: Any, timeout_s: tuple[float, float], proxies: dict[str, str] | None
    ) -> None:
        """Takes the place of the client's handler `cloud`, whose token manager it uses."""
        self._cloud = cloud
        self._contexts = contexts
        self._timeout_s = timeout_s
        self._proxies = proxies
        cloud.tm._request = self._fetch

    def _fetch(self, method: str, url: str, **asked: Any) -> dict[str, Any]:
        """Asks the identity service, in place of `TokenManager._request` (ibm_cloud_sdk_core).

        Raises:
            NoAccessToken: when it says no.
        """
        with requests.Session() as session:
            adapter = _TokenAdapter(self._timeout_s)
            for scheme in ("http://", "https://"):
                session.mount(scheme, adapter)
            response = session.request(
                method,
                url,
                headers=asked.get("headers"),
                data=asked.get("data"),
                auth=asked.get("auth_tuple"),
                proxies=self._proxies or asked.get("proxies"),
                verify=not self._cloud.tm.disable_ssl_verification,
                allow_redirects=False,
            )
        if response.status_code >= 300:
            from backends.ibm_runtime.outcomes import service_message

            message = service_message(response.content) or response.reason
            raise NoAccessToken(f"HTTP {response.status_code} {message}", response.status_code)
        return dict(parse(response.content, "an access token"))

    def __call__(self, request: "PreparedRequest") -> "PreparedRequest":
        """Adds the headers, with a fresh access token where there is none or it has expired."""
        failed = None
        try:
            token = self._cloud.tm.get_token()
        except Exception as error:  # errors of several libraries, and their texts may hold the key
            self._cloud.tm.request_time = 0
            status = getattr(error, "status", None)
            message = str(error) if isinstance(error, NoAccessToken) else f"{type(error).__name__}: {error}"
            failed = NoAccessToken(message, status)
        if failed is not None:
            self._contexts.context.exchanges.append(Exchange("POST", "identity/token", error=failed))
            raise failed
        request.headers.update({"Service-CRN": self._cloud.crn, "Authorization": f"Bearer {token}"})
        return request

    def forget(self) -> None:
        """Drops the access token, so that the next request fetches a fresh one."""
        manager = self._cloud.tm
        manager.access_token, manager.expire_time, manager.refresh_time = None, 0, 0


def mount(
    session: Any, adapter: NoRetryAdapter, contexts: Any, timeout_s: tuple[float, float], practice: bool
) -> Bearer:
    """Puts the adapter and the authorisation on a session of the client; returns the latter."""
    host = urlsplit(session.base_url).hostname or ""
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.trust_env = session.trust_env and not practice
    # asking past a proxy: requests takes `no_proxy` from here, and a practice service is on this machine
    bearer = Bearer(session.auth, contexts, timeout_s, {"no_proxy": host} if practice else None)
    session.auth = bearer
    return bearer


def opt_out() -> None:
    """Has the client not look up installed packages and calling files; before its first import, if possible.

    The adapter overwrites the header in any case.
    """
    os.environ[OPT_OUT] = "True"
