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
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST = 4, 20, 1
ANY_STATE = 0xFFFFFFFF
ANY_DEVICE_AND_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
PATIENCE_S = 1.0
OWN_PAGE = {"same-origin", "none"}


def is_foreign(client: tuple[str, int], server: tuple[str, int], table: Path = TABLE) -> bool:
    """Whether a connection is another user's; root's and this user's are not.

    The kernel says whose socket is at the other end; of one that was closed already it does not, so that is
    turned away too. It is asked for that socket alone (sock_diag(7)): to write its table of all (proc(5)),
    which is read where it gives no answer, it walks a hash table of the machine's size, for milliseconds.
    Where there is no such table either, nobody is.
    """
    user = _user_of(client, server)
    if user is None:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            return False
        user = _user_in(lines, client, server)
    return user not in {0, os.geteuid()}


def _user_of(client: tuple[str, int], server: tuple[str, int]) -> int | None:
    """Whose a client's socket is, where the kernel answers for exactly this one, and a process has it."""
    ends = struct.pack("!HH", client[1], server[1]) + b"".join(
        socket.inet_aton(host).ljust(16, b"\0") for host in (client[0], server[0])
    )
    asked = (
        struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, ANY_STATE) + ends + ANY_DEVICE_AND_COOKIE
    )
    header = struct.pack("=IHHII", 16 + len(asked), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG) as kernel:
            kernel.settimeout(PATIENCE_S)
            kernel.send(header + asked)
            said = kernel.recv(4096)
    except (OSError, AttributeError):
        return None
    if len(said) < 88 or struct.unpack_from("=H", said, 4) != (SOCK_DIAG_BY_FAMILY,) or said[20:56] != ends:
        return None
    user, inode = struct.unpack_from("=II", said, 80)
    return int(user) if inode else None


def _user_in(lines: Iterable[str], client: tuple[str, int], server: tuple[str, int]) -> int | None:
    """Whose a client's socket is by the table's rows; None where none is its, or no process has it."""
    rows, ends = (line.split() for line in lines), [_end(*client), _end(*server)]
    return next((int(row[7]) for row in rows if row[1:3] == ends and row[9] != NOBODYS), None)


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
