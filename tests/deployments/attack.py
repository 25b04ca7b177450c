"""What another user of the machine may try against a server. Run as that user; says what worked.

`attack.py USER PORT FILES…` prints a JSON list. It becomes the user before it does anything: that user may
not reach the Python that it runs on, so what it needs is imported before.
"""

import base64
import encodings.idna
import encodings.latin_1  # noqa: F401
import http.client
import json
import os
import socket
import sys
from collections.abc import Iterable, Sequence
from typing import Any

USER, PORT = int(sys.argv[1]), int(sys.argv[2])
os.setgroups([])
os.setresgid(USER, USER, USER)
os.setresuid(USER, USER, USER)
OWN = f"127.0.0.1:{PORT}"
PAGES = "http://evil.example"
SHOWN = [
    None,
    "Basic " + base64.b64encode(b"admin:admin").decode(),
    "Basic " + base64.b64encode(b":").decode(),
]
SHOWN += ["Bearer x", "Basic !", "basic"]
READS = [
    "/api/admin/version",
    "/api/admin/settings",
    "/api/csrf-token?client=x",
    "/api/docs",
    "/api/openapi.json",
    "/docs",
    "/redoc",
    "/openapi.json",
]
READS += ["/", "/v2/deployments", "/ui-settings", "/v2/ui-settings", "/reports/", "/reports/x", "/mlflow/"]
READS += ["/mlflow/ajax-api/2.0/mlflow/experiments/search", "/mlflow//version", "/reports/../mlflow/"]
READS += ["/api//admin/version", "/api/health/../admin/version", "/api/variables/name/health", "/health/api"]
WRITES = {
    "/api/flows/filter": {},
    "/api/deployments/filter": {},
    "/api/flow_runs/filter": {},
    "/api/block_documents/filter": {"include_secrets": True},
    "/api/work_pools/": {"name": "mine", "type": "process"},
    "/api/flow_runs/": {"flow_id": "0" * 32},
}
found: list[str] = []
Header = tuple[str, str]


def ask(method: str, path: str, body: Any, headers: Sequence[Header]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True)
        data = b"" if body is None else json.dumps(body).encode()
        for name, value in [("Host", OWN), *headers]:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def attempt(method: str, path: str, body: Any, headers: Sequence[Header]) -> None:
    status, said = ask(method, path, body, headers)
    if status < 400 and not (path.endswith("health") and said == b"true"):
        found.append(f"{method} {path} {dict(headers)}: {status}")


def listens(path: str, headers: Iterable[Header]) -> bool:
    """Whether a WebSocket gives anything away, or takes anything, without a credential."""
    lines = [f"GET {path} HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *(f"{name}: {value}" for name, value in headers)]
    with socket.create_connection(("127.0.0.1", PORT), 30) as line:
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        said = line.recv(65536)
        if b" 101 " not in said:
            return False
        message = json.dumps({"type": "auth", "token": "admin:admin"}).encode()
        line.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
        while b"auth_success" not in said and b"\r\n\r\n\x88" not in said:  # 0x88: a frame that closes
            chunk = line.recv(65536)
            if not chunk:
                return False
            said += chunk
    return b"auth_success" in said


for path in READS:
    for shown in SHOWN:
        attempt("GET", path, None, [("Authorization", shown)] if shown else [])
for path, body in WRITES.items():
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        attempt("POST", path, body, [("Content-Type", kind)])
for socket_path in (
    "/api/events/in",
    "/api/events/out",
    "/api/logs/out",
    "/api/work_pools/tierwise/workers/connect",
):
    for more in ([], [("Sec-WebSocket-Protocol", "prefect")], [("Origin", PAGES)]):
        if listens(socket_path, [("Host", OWN), *more]):
            found.append(f"websocket {socket_path} {dict(more)}")


def readable(path: str) -> bytes | None:
    """What is in a file, or the names in a folder; None where that is refused."""
    try:
        if os.path.isdir(path):
            return " ".join(os.listdir(path)).encode()
        with open(path, "rb") as file:
            return file.read(1 << 20)
    except OSError:
        return None


found += [f"file {path}" for path in sys.argv[3:] if readable(path) is not None]
for number in filter(str.isdigit, os.listdir("/proc")):
    if b"PREFECT_API_AUTH_STRING" in (readable(f"/proc/{number}/environ") or b""):
        found.append(f"environment of process {number}")
sys.stdout.write(json.dumps(found))
