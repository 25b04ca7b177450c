"""Addresses of databases and servers as they may be shown: without the password that is in them."""

import re
from urllib.parse import urlsplit


def shown_address(uri: str) -> str:
    """An address, or a text with addresses in it, without passwords."""
    plain = re.sub(r"(?i)([?&]\w*passw\w*=)[^&\s]*", r"\1***", uri)
    return re.sub(r"(://[^:/@\s]*):[^\s]*@", r"\1:***@", plain)


def without_password(text: str, uri: str) -> str:
    """What somebody says, with the password of the address hidden wherever it stands in it."""
    found = re.search(r"://[^:/@\s]*:([^\s]*)@", uri), re.search(r"(?i)[?&]\w*passw\w*=([^&\s]*)", uri)
    for secret in {each.group(1) for each in found if each} - {""}:
        text = text.replace(secret, "***")
    return shown_address(text)


def host_is_odd(host: str | None, port: int | None) -> bool:
    """Whether what stands in an address as host and port can be none, as with a blank or a port of 0."""
    if port is not None and not 1 <= port <= 65535:
        return True
    names = (host or "").split(",")  # PostgreSQL takes several
    return bool(host) and not all(re.fullmatch(r"(?=.{1,253}$)[\w.\-:%/]+", each) for each in names)


def is_http_address(stated: str) -> bool:
    """Whether it is the address of a server by HTTP, with a host, and, if with a port, one that can be."""
    if re.search(r"[\s\x00-\x1f\x7f]", stated):  # which the parser leaves out in silence
        return False
    try:
        found = urlsplit(stated)
        host, port = found.hostname, found.port
    except ValueError:
        return False
    return found.scheme in ("http", "https") and bool(host) and not host_is_odd(host, port)
