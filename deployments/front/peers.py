"""Who is at the other end of a connection of this machine, as the kernel says.

A cookie is bound to a host, not to a port (RFC 6265, 8.5): whoever listens on another port of this machine is
shown those of its browsers. So a session counts for connections of the user that it was begun by.
"""

import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ELSEWHERE = "elsewhere"
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED, _NOBODYS = "01", "0"
End = tuple[str, int]


def owner(client: End | None, server: End | None, tables: tuple[Path, ...] = TABLES) -> str | None:
    """The user id of whoever has the client's end; `ELSEWHERE` where that is no socket of this machine.

    Only while the connection stands both ways: of a socket that was closed the table does not say whose it
    was. None then, which is nobody.
    """
    if client is None or server is None:
        return None
    found = list(_rows(client, server, tables))
    if not found:
        return None if ipaddress.ip_address(client[0]).is_loopback and _readable(tables) else ELSEWHERE
    state, user, inode = found[0]
    return user if state == _ESTABLISHED and inode != _NOBODYS else None


def _rows(client: End, server: End, tables: tuple[Path, ...]) -> Iterator[tuple[str, str, str]]:
    """State, user and inode of the sockets between two ends; see proc(5)."""
    for table in tables:
        ends = [_as_written(*end, six=table.name.endswith("6")) for end in (client, server)]
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            row = line.split()
            if row[1:3] == ends:
                yield row[3], row[7], row[9]


def _readable(tables: tuple[Path, ...]) -> bool:
    return any(os.access(table, os.R_OK) for table in tables)


def _as_written(host: str, port: int, *, six: bool) -> str:
    """An address as the table writes it: words of four bytes as they lie in memory, and the port."""
    address = ipaddress.ip_address(host.partition("%")[0])
    packed = address.packed
    if six and address.version == 4:
        packed = ipaddress.ip_address(f"::ffff:{address}").packed
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words) + f":{port:04X}"
