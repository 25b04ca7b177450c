"""Who gets to a service: its own user does, other users of the machine and web pages do not."""

import http.client
import os
import subprocess
import sys
from typing import Any

import pytest

from practice import Practice

NOBODY = 65534
RESET = "POST /practice/reset HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\nContent-Length: 2\\r\\n\\r\\n{}"
ASKING = f"""
import encodings.idna, os, socket, sys  # what is imported later, that user may not read
port, user, stays = map(int, sys.argv[1:])
os.setgroups([]); os.setresgid(user, user, user); os.setresuid(user, user, user)
with socket.create_connection(("127.0.0.1", port), 30) as line:
    line.sendall(("{RESET}" % port).encode())
    if stays:
        try:
            sys.stdout.write(line.recv(100).decode())
        except ConnectionError:
            pass
"""


def asks(raw: Any, user: int, *, stays: bool = True) -> str:
    """What a user of the machine is answered who has the service forget everything."""
    if os.geteuid() != 0:
        pytest.skip("expected root, who can act as another user")
    command = [sys.executable, "-I", "-S", "-c", ASKING, str(raw.port), str(user), str(int(stays))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd="/")
    return done.stdout


def test_another_user_of_the_machine_is_not_answered(raw: Any) -> None:
    job = raw.post_job()
    assert asks(raw, NOBODY) == ""
    assert [row["id"] for row in raw.json("GET", "/jobs")["jobs"]] == [job]


def test_another_user_who_does_not_wait_for_the_answer_changes_nothing(raw: Any) -> None:
    job = raw.post_job()
    for _ in range(20):
        asks(raw, NOBODY, stays=False)
    assert [row["id"] for row in raw.json("GET", "/jobs")["jobs"]] == [job]


def test_its_own_user_is_answered(raw: Any) -> None:
    assert asks(raw, os.geteuid()).startswith("HTTP/1.1 200")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://evil.example", "Content-Type": "text/plain"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=["rebound", "no_port", "page", "file", "image"],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/practice/reset"), ("GET", "/jobs")])
def test_a_web_page_is_refused(
    served_here: Practice, raw: Any, method: str, path: str, headers: dict[str, str]
) -> None:
    job = raw.post_job()
    connection = http.client.HTTPConnection("127.0.0.1", raw.port, timeout=60)
    own = {"Host": f"127.0.0.1:{raw.port}", "Authorization": "Bearer practice"}
    connection.request(method, path, "{}", own | headers)
    assert connection.getresponse().status == 403
    connection.close()
    assert [row["id"] for row in raw.json("GET", "/jobs")["jobs"]] == [job]
