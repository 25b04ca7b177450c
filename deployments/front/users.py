"""The people who may sign in to a served home: names, and passwords as scrypt hashes (RFC 7914).

Where nobody was added, the home's one credential signs in: its part before the colon is the name.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deployments.front.files import read_table, write_table
from escalation.model.errors import BadInput
from escalation.text.commands import hint
from flows.credential import credential
from records.ledger.locking import file_lock

NAME = "users.json"
LEAST_CHARACTERS = 12
_NAME = re.compile(r"[\w.@+-]+( [\w.@+-]+)*")
_MOST_CHARACTERS = 64
_MOST_OF_A_PASSWORD = 1024
_COST = {"n": 1 << 15, "r": 8, "p": 1}
_MEMORY_BYTES = 1 << 26


class Users:
    """Those of one home; what another process changes is seen at once."""

    def __init__(self, home: Path) -> None:
        self._home, self._file = home, home / NAME

    def names(self) -> list[str]:
        """Everybody who was added, sorted."""
        return sorted(read_table(self._file))

    def add(self, name: str, password: str) -> None:
        """Lets somebody sign in.

        Raises:
            BadInput: when the name is there already, or name or password are none.
        """
        name = checked_name(name)
        check_password(password)
        with self._changed() as table:
            _check_new(name, table)
            table[name] = _hashed(password, secrets.token_bytes(16))

    def check_new(self, name: str) -> str:
        """The name in one spelling; raises `BadInput` where it is none, or is there already."""
        found = checked_name(name)
        _check_new(found, read_table(self._file))
        return found

    def remove(self, name: str) -> None:
        """Lets somebody in no more; what he has open ends with it.

        Raises:
            BadInput: when there is nobody of that name.
        """
        with self._changed() as table:
            if name not in table:
                raise BadInput(
                    f"expected one of {', '.join(sorted(table)) or 'nobody: none was added'}, got {name!r}"
                )
            del table[name]

    def check(self, name: str, password: str) -> str | None:
        """Who signs in with this, as he was added; None where it is not right. Takes a tenth of a second.

        It takes as long for a name that is not there, so that nobody finds out which are.
        """
        known, stated = read_table(self._file), unicodedata.normalize("NFC", name)
        if not known:
            return self._by_credential(name, password)
        kept = known.get(stated, _NOBODYS)
        fits = _fits(password, kept)
        return stated if fits and stated in known else None

    def proof(self, name: str) -> str | None:
        """What changes when a name's password does; None for a name that may not sign in."""
        known = read_table(self._file)
        kept = known.get(name) if known else self._credentials(name)
        return None if kept is None else hashlib.sha256(kept.encode()).hexdigest()

    def is_person(self, name: str) -> bool:
        """Whether the name is one that was added, not that of the credential."""
        return name in read_table(self._file)

    def _by_credential(self, name: str, password: str) -> str | None:
        """By its two parts, or by the whole line of its file in place of the password."""
        line = credential(self._home)
        if line is None:
            return None
        stated = (f"{name}:{password}".encode(), password.strip().encode())
        fits = [hmac.compare_digest(each, line.encode()) for each in stated]
        return line.partition(":")[0] if any(fits) else None

    def _credentials(self, name: str) -> str | None:
        line = credential(self._home)
        return line if line is not None and line.partition(":")[0] == name else None

    @contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file_lock(self._file.with_suffix(".lock")):
            table = read_table(self._file)
            yield table
            write_table(self._file, table)


def _check_new(name: str, table: Mapping[str, Any]) -> None:
    if name in table:
        raise BadInput(
            f"expected a new name, got {name!r}, who can sign in already; for another password: "
            f"`{hint('users', 'remove', name)}`, then add"
        )


def checked_name(name: str) -> str:
    """The name in one spelling; raises `BadInput` for what is no name."""
    found = unicodedata.normalize("NFC", name)
    if len(found) > _MOST_CHARACTERS or not _NAME.fullmatch(found):
        raise BadInput(
            f"expected a name of letters, digits, and . _ - @ +, of at most {_MOST_CHARACTERS} characters, "
            f"got {name!r}"
        )
    return found


def check_password(password: str) -> None:
    """Raises `BadInput` for a password that is too short, or none."""
    if not LEAST_CHARACTERS <= len(password) <= _MOST_OF_A_PASSWORD or not password.isprintable():
        raise BadInput(
            f"expected a password of {LEAST_CHARACTERS} to {_MOST_OF_A_PASSWORD} characters that can be "
            f"typed, got one of {len(password)}"
        )


def made_up() -> str:
    """A password that nobody guesses: 120 random bits."""
    return secrets.token_urlsafe(15)


def _hashed(password: str, salt: bytes) -> str:
    return _kept(salt, hashlib.scrypt(_bytes(password), salt=salt, maxmem=_MEMORY_BYTES, **_COST))


def _kept(salt: bytes, made: bytes) -> str:
    return "$".join(
        ["scrypt", *map(str, _COST.values()), *(b64encode(each).decode() for each in (salt, made))]
    )


def _fits(password: str, kept: str) -> bool:
    salt, made = (b64decode(part) for part in kept.split("$")[4:6])
    n, r, p = (int(part) for part in kept.split("$")[1:4])
    found = hashlib.scrypt(_bytes(password), salt=salt, maxmem=_MEMORY_BYTES, n=n, r=r, p=p)
    return hmac.compare_digest(found, made)


def _bytes(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


_NOBODYS = _kept(bytes(16), bytes(64))
