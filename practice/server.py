"""HTTP/1.1 on a loopback port, down to the socket: answers can be cut, reset or kept back."""

import contextlib
import select
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from practice import access, admin, replies
from practice.calls import Delivery
from practice.errors import Refusal
from practice.host import Host, PendingAnswer
from practice.replies import Reply

LOOPBACK = "127.0.0.1"
LOOK_S = 0.02
BLANK = b" " * (1 << 20)
NO_LINGER = struct.pack("ii", 1, 0)
"""Closing such a socket resets the connection (SO_LINGER with time 0, socket(7))."""


class Server(ThreadingHTTPServer):
    """One thread a connection; all of them end with the server."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: Host, port: int) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.host = host
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Lets its own user in; see `practice.access`."""
        return not access.is_foreign(client_address, (LOOPBACK, self.server_address[1]))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        with contextlib.suppress(OSError):
            if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) != NO_LINGER:
                request.shutdown(socket.SHUT_WR)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to report."""

    def close(self) -> None:
        """Ends the server, its connections, and the service behind it."""
        self.host.close()
        self.shutdown()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads a request, has it answered, and sends the answer as it is meant to arrive."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "practice"
    sys_version = ""
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        host, headers = self.server.host, list(self.headers.items())
        if why := access.refusal(headers, self.server.server_address[1]):
            self._whole(replies.refused(Refusal(403, "forbidden", why)))
            return
        if admin.is_admin(self.path):
            self._whole(admin.answer(host, self.command, self.path, body))
            return
        answer = host.answer(self.command, self.path, headers, body)
        host.stopping.wait(answer.reply.delay_s)
        if answer.reply.delivery is Delivery.SILENT:
            self._wait_for_end()
            self.close_connection = True
            answer.started()
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _send(self, answer: PendingAnswer) -> None:
        answer.started()
        try:
            self._deliver(answer.reply)
        except OSError:
            self.close_connection = True
            answer.lost()

    def _deliver(self, reply: Reply) -> None:
        if reply.delivery is Delivery.WHOLE:
            self._whole(reply)
            return
        self.close_connection = True
        match reply.delivery:
            case Delivery.TRUNCATED:
                self.connection.sendall(self._head(reply) + reply.body[: len(reply.body) // 2])
            case Delivery.STREAMED:
                self._stream(reply)
            case Delivery.DRIPPED:
                self._drip(reply)
            case _:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)

    def _stream(self, reply: Reply) -> None:
        """Sends the body in chunks (RFC 9112, 7.1), white space after its first byte."""
        self.connection.sendall(self._head(reply))
        for part in (reply.body[:1], *[BLANK] * reply.padding_mb, reply.body[1:]):
            if part:
                self.connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        self.connection.sendall(b"0\r\n\r\n")

    def _drip(self, reply: Reply) -> None:
        """Sends a byte at a time, until the client goes or somebody releases the answers."""
        held, head = self.server.host.held, self._head(reply)
        if not reply.drips_head:
            self.connection.sendall(head)
        for byte in head + reply.body if reply.drips_head else reply.body:
            self.connection.sendall(bytes([byte]))
            if held.wait(reply.every_s):
                return

    def _whole(self, reply: Reply) -> None:
        self.connection.sendall(self._head(reply) + reply.body)

    def _head(self, reply: Reply) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.delivery is Delivery.STREAMED:
            lines.append("Transfer-Encoding: chunked")
        elif reply.status != 204:
            lines.append(f"Content-Length: {len(reply.body)}")
        return "\r\n".join([*lines, "X-Practice: 1", "", ""]).encode()

    def _wait_for_end(self) -> None:
        """Waits until the client goes, somebody releases the answers, or the longest time is over."""
        held = self.server.host.held
        end = time.monotonic() + self.server.host.service.settings.hang_s
        while time.monotonic() < end and not held.wait(LOOK_S):
            readable, _, _ = select.select([self.connection], [], [], 0)
            if readable and not self._peek():
                return

    def _peek(self) -> bytes:
        try:
            return bytes(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return b""

    def log_message(self, format: str, *args: Any) -> None:
        """The log is in the account."""
