"""Who may speak to a service: programs of its own user. Not other users of the machine, and no web page.

Nothing is charged here, but what is practised with may be a user's own, and a fault that somebody else
scripts reads like one of Tierwise.
"""

import os
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

TABLE = Path("/proc/net/tcp")
NOBODYS = "0"
"""The inode of a socket that no process has any more."""
OWN_PAGE = {"same-origin", "none"}


def is_foreign(client: tuple[str, int], server: tuple[str, int], table: Path = TABLE) -> bool:
    """Whether a connection is another user's; root's and this user's are not.

    The kernel says whose socket is at the other end (proc(5), /proc/net/tcp); of one that was closed already
    it does not, so that is turned away too. Where there is no such table, nobody is.
    """
    try:
        rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
    except OSError:
        return False
    ends = [_end(*client), _end(*server)]
    users = [int(row[7]) for row in rows if row[1:3] == ends and row[9] != NOBODYS]
    return not users or users[0] not in {0, os.geteuid()}


def refusal(headers: Iterable[tuple[str, str]], port: int) -> str:
    """Why a browser's request may not come through: another page's, or by a name made to point here."""
    lowered = [(name.lower(), value.strip().lower()) for name, value in headers]
    hosts = [value for name, value in lowered if name == "host"]
    if len(hosts) > 1 or any(host not in {f"127.0.0.1:{port}", f"localhost:{port}"} for host in hosts):
        return f"expected the Host 127.0.0.1:{port}"
    if any(
        name == "origin" or (name == "sec-fetch-site" and value not in OWN_PAGE) for name, value in lowered
    ):
        return "expected a program, got a request of a web page"
    return ""


def _end(host: str, port: int) -> str:
    """An address as the table writes it: the number as it lies in memory, and the port."""
    (number,) = struct.unpack("=I", socket.inet_aton(host))
    return f"{number:08X}:{port:04X}"
