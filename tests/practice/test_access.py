"""Who gets to a service: its own user does, other users of the machine and web pages do not."""

import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from practice import Practice, access

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


@pytest.mark.parametrize("answers", [True, False], ids=["kernel", "table"])
def test_whose_a_connection_is_the_kernel_says_of_that_one_and_its_table_where_it_does_not(
    answers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = tmp_path / "tcp"
    nobody.write_text("head\n")
    if not answers:
        monkeypatch.setattr(access, "NETLINK_SOCK_DIAG", 31)  # a protocol that no kernel has
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as mine, server.accept()[0]:
            ends = mine.getsockname(), server.getsockname()
            assert not access.is_foreign(*ends)
            assert access.is_foreign(*ends, table=nobody) is not answers
            monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
            assert access.is_foreign(*ends) is (os.getuid() != 0)
            monkeypatch.undo()
        assert access.is_foreign(*ends)  # closed: whose it was is not known any more


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
