"""A server that lets everybody in, as Prefect's does by itself: what attacks must succeed against."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCEPTED = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


class _Open(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: dict[str, str]
    seen: list[str]

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket":
            self._socket()
        else:
            self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer()

    do_OPTIONS = do_GET

    def _answer(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        body = self.pages.get(self.path, '"open"').encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if self.path in self.pages else "application/json")
        for name in ("Origin", "Methods", "Headers"):
            self.send_header(f"Access-Control-Allow-{name}", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _socket(self) -> None:
        key = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + ACCEPTED).encode()).digest()
        self.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade")):
            self.send_header(name, value)
        if self.headers.get("Sec-WebSocket-Protocol"):
            self.send_header("Sec-WebSocket-Protocol", "prefect")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(key).decode())
        self.end_headers()
        self.wfile.write(bytes([0x81, 12]) + b"auth_success")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def serving(pages: dict[str, str] | None = None) -> Iterator[tuple[int, list[str]]]:
    """Serves the pages, and `"open"` anywhere else; yields its port, and what it was asked."""
    seen: list[str] = []
    handler = type("Handler", (_Open,), {"pages": pages or {}, "seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
