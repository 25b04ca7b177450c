"""What an answer to a POST says, byte by byte from a socket: whether there is a job, when to ask again."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from backends.ibm_runtime.exchange import LocallyRefused
from backends.ibm_runtime.outcomes import Refusals, outcome_of_post
from backends.ibm_runtime.transport import CallContext, NoRetryAdapter, PostPermit
from escalation.model.identity import canonical_json, digest_bytes
from escalation.ports.paid import Answered, Declined, InDoubt, NotSent


class Answering:
    """Answers every request with the same bytes, after it has read it unless told not to; counts them."""

    def __init__(self, answer: bytes, end: bytes = b"}") -> None:
        self.answer, self.end, self.requests = answer, end, 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.requests += 1
                said = b""
                while not said.endswith(self.end) and (more := connection.recv(65536)):
                    said += more
                connection.sendall(self.answer)

    def close(self) -> None:
        # shutting down wakes the thread that accepts; closing alone does not
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(60)


def http(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def answering() -> Iterator[Callable[..., Answering]]:
    made: list[Answering] = []

    def make(answer: bytes, end: bytes = b"}") -> Answering:
        made.append(Answering(answer, end))
        return made[-1]

    yield make
    for each in made:
        each.close()


FROZEN = canonical_json({"backend": "ibm_x", "tags": ["t"]})


def posted(url: str) -> NotSent | Answered | None:
    """POSTs a job with the adapter alone."""
    contexts = SimpleNamespace(context=CallContext(permit=PostPermit(FROZEN, digest_bytes(FROZEN), "fence")))
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, NoRetryAdapter(contexts, (10.0, 60.0)))
    body = json.dumps({**json.loads(FROZEN), "session_id": "fence"})
    with session, suppress(requests.RequestException):
        session.post(url, data=body)
    return outcome_of_post(contexts.context.exchanges, Refusals())


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 422])
def test_a_client_error_is_a_refusal_with_the_words_of_the_service(
    answering: Callable[..., Answering], status: int
) -> None:
    server = answering(http(status, b'{"errors": [{"code": 1, "message": "not like that"}]}'))
    found = posted(f"http://127.0.0.1:{server.port}/jobs")
    assert isinstance(found, Declined)
    assert (found.retry, server.requests) == (False, 1)
    assert f"HTTP {status} not like that" in str(found)


@pytest.mark.parametrize(
    "answer",
    [
        http(408),
        http(425),
        http(499),
        http(520),
        http(200, b""),
        http(200, b"{}"),
        http(200, b'{"id": null}'),
        http(200, b'["id"]'),
        http(302, b"", "Location: /elsewhere"),
        http(307, b"", "Location: /jobs"),
        http(308, b"", "Location: http://127.0.0.1:9/jobs"),
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"nonsense\r\n\r\n",
    ],
)
def test_an_answer_that_names_no_job_leaves_it_in_doubt_and_is_not_followed(
    answering: Callable[..., Answering], answer: bytes
) -> None:
    server = answering(answer)
    found = posted(f"http://127.0.0.1:{server.port}/jobs")
    assert isinstance(found, InDoubt)
    assert server.requests == 1


def test_an_answer_that_names_a_job_is_taken(answering: Callable[..., Answering]) -> None:
    server = answering(http(201, b'{"id": "job"}'))
    assert posted(f"http://127.0.0.1:{server.port}/jobs") is None


def test_a_time_to_wait_may_be_a_date(answering: Callable[..., Answering]) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    server = answering(http(429, b"{}", f"Retry-After: {format_datetime(until, usegmt=True)}"))
    found = posted(f"http://127.0.0.1:{server.port}/jobs")
    assert isinstance(found, Declined)
    assert found.retry
    assert 3000 < (found.after_s or 0) <= 3600
    nonsense = posted(f"http://127.0.0.1:{answering(http(429, b'{}', 'Retry-After: soon')).port}/jobs")
    assert isinstance(nonsense, Declined)
    assert nonsense.after_s is None


def test_what_never_left_this_machine_was_not_accepted(
    answering: Callable[..., Answering], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def no_such_host(host: Any, *more: Any, **known: Any) -> Any:
        if host == "no-such-host.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *more, **known)

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with socket.socket() as deaf:  # bound, and not listening: connections are refused
        deaf.bind(("127.0.0.1", 0))
        nowhere = [
            f"http://127.0.0.1:{deaf.getsockname()[1]}/jobs",
            "http://no-such-host.invalid/jobs",
            f"https://127.0.0.1:{answering(http(200), b'').port}/jobs",  # answers TLS with nonsense
        ]
        for url in nowhere:
            found = posted(url)
            assert isinstance(found, NotSent), url
            assert found.retry
            assert "nothing was sent" in str(found)


def test_an_order_is_for_one_body() -> None:
    permit = PostPermit(FROZEN, digest_bytes(FROZEN), "fence")
    good = json.dumps({"session_id": "fence", **json.loads(FROZEN)}).encode()
    assert permit.body(good) == FROZEN[:-1] + b',"session_id":"fence"}'
    with pytest.raises(LocallyRefused, match="an approval sends once"):
        permit.body(good)
    with pytest.raises(LocallyRefused, match="held back"):
        PostPermit(FROZEN, digest_bytes(b"other"), "fence").body(good)
    with pytest.raises(LocallyRefused, match="held back"):
        PostPermit(FROZEN, digest_bytes(FROZEN), "other").body(good)
