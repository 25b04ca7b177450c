"""Where a server listens, and what it may be called by those who use it."""

import ipaddress
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from escalation.model.errors import BadInput, TierwiseError

LOOPBACK = "127.0.0.1"
PREFECTS_OWN_PORT = 4200
ALL = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - named to be asked about
"""All addresses of a machine, and by which of them its own programs go."""
_USUAL = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9._:-]+")


@dataclass(frozen=True)
class Address:
    """A server's place."""

    port: int
    """Where it listens."""
    host: str = LOOPBACK
    """The address of this machine that it listens at, or one of `ALL`."""
    public: str | None = None
    """What users of other machines call it, where that is not `host` and `port`: `https://NAME[:PORT]`,
    of the site's reverse proxy for instance."""

    @property
    def alone(self) -> bool:
        """Whether it listens to programs of this machine alone."""
        return _loopback(self.host)

    @property
    def reached(self) -> bool:
        """Whether others reach it: at an address of the network, or through what forwards to it."""
        return not self.alone or self.public is not None

    @property
    def local(self) -> str:
        """What programs of this machine call it."""
        return f"http://{_bracketed(ALL.get(self.host, self.host))}:{self.port}"

    @property
    def base(self) -> str:
        """What everybody may call it: its pages' address."""
        return self.public or self.local

    @property
    def encrypted(self) -> bool:
        """Whether what others send goes through TLS, as far as is known here."""
        return self.base.startswith("https://")

    def hosts(self) -> tuple[str, ...]:
        """What a request may name as its `Host`."""
        named = [urlsplit(self.local).netloc]
        if self.alone or self.host in ALL:
            named.append(f"localhost:{self.port}")
        return (*named, *self.public_hosts())

    def public_hosts(self) -> tuple[str, ...]:
        """What a request from elsewhere may name: with its port, and without where that is the usual one."""
        if self.public is None:
            return ()
        parts = urlsplit(self.public)
        usual = _USUAL[parts.scheme]
        name = _bracketed(parts.hostname or "")
        port = parts.port or usual
        return (f"{name}:{port}", name) if port == usual else (f"{name}:{port}",)

    def origins(self) -> tuple[str, ...]:
        """What a browser calls the server's pages."""
        public = self.public_hosts()
        scheme = urlsplit(self.base).scheme
        own = tuple(f"http://{host}" for host in self.hosts() if host not in public)
        return (*own, *(f"{scheme}://{host}" for host in public))


def checked_address(port: int | None, host: str, public: str | None) -> Address:
    """The address, where it can be listened at; its port is Prefect's own, or a free one, unless it is said.

    Raises:
        BadInput: when host or URL are not what they should be, or all addresses are asked for without a name.
        TierwiseError: when it cannot be listened at.
    """
    if public is not None:
        public = _checked_url(public)
    if host in ALL and public is None:
        raise BadInput(
            f"expected --url with --host {host}: what do users of other machines call the server? "
            "A request that names anything else is refused"
        )
    try:
        free_port(host or "-")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise BadInput(f"expected --host as an address of this machine, got {host!r}: {reason}") from None
    return Address(usual_port(host) if port is None else checked_port(port, host), host, public)


def usual_port(host: str = LOOPBACK) -> int:
    """Prefect's own port, or a free one where that is taken."""
    try:
        return checked_port(PREFECTS_OWN_PORT, host)
    except TierwiseError:
        return free_port(host)


def checked_port(port: int, host: str = LOOPBACK) -> int:
    """The port; raises `TierwiseError` when it cannot be listened at, as when somebody else does."""
    where = "" if host == LOOPBACK else f" of {host}"
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TierwiseError(f"port {port}{where} cannot be used: {reason}; choose another one") from None
    return port


def free_port(host: str = LOOPBACK) -> int:
    """A port of the address that nobody listens at just now."""
    family, kind, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.bind(place)
        return int(probe.getsockname()[1])


def _checked_url(url: str) -> str:
    wanted = "expected --url as https://NAME[:PORT], what users of other machines call the server"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadInput(f"{wanted}; got {url!r}") from None
    if parts.username or parts.password:
        raise BadInput(f"{wanted}; got one with a user or password in it")
    named = parts.scheme in _USUAL and _NAME.fullmatch(parts.hostname or "")
    if not named or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise BadInput(f"{wanted}; got {url!r}")
    return f"{parts.scheme}://{_bracketed(parts.hostname or '')}" + (f":{port}" if port else "")


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    with suppress(OSError):
        found = socket.getaddrinfo(host, None)
        return all(ipaddress.ip_address(each[4][0]).is_loopback for each in found)
    return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
