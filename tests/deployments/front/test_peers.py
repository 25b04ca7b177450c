"""Whose a connection of this machine is."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deployments.front.peers import ELSEWHERE, owner

CALLS = """
import encodings.idna, os, socket, sys  # that user may not reach the Python that it runs on
os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
line = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
line.sendall(b"here"); sys.stdin.read()
"""


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as made:
        try:
            made.bind((request.param, 0))
        except OSError:
            pytest.skip("expected IPv6 on the loopback device")
        made.listen()
        yield made


def ends(accepted: socket.socket) -> tuple[tuple[str, int], tuple[str, int]]:
    return accepted.getpeername()[:2], accepted.getsockname()[:2]


def test_a_connection_is_its_users_and_nobodys_once_it_was_closed(listener: socket.socket) -> None:
    caller = socket.create_connection(listener.getsockname()[:2], 30)
    accepted, _ = listener.accept()
    with accepted:
        assert owner(*ends(accepted)) == str(os.geteuid())
        client, server = ends(accepted)
        caller.close()
        assert owner(client, server) is None


def test_a_connection_of_another_user_is_that_users(listener: socket.socket) -> None:
    if os.geteuid() != 0:
        pytest.skip("expected root, who can act as another user")
    host, port = listener.getsockname()[:2]
    command = [sys.executable, "-I", "-c", CALLS, host, str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd="/") as other:
        listener.settimeout(60)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(4) == b"here"
            assert owner(*ends(accepted)) == "65534"
        assert other.stdin is not None
        other.stdin.close()


def test_what_is_no_socket_of_this_machine_is_elsewhere() -> None:
    assert owner(("198.51.100.7", 40000), ("192.0.2.1", 4200)) == ELSEWHERE
    assert owner(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
    assert owner(None, ("127.0.0.1", 2)) is None
