"""Who is signed in: a random token in a browser's cookie, of which its hash is kept here."""

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from deployments.front.files import read_table, write_table
from deployments.front.users import Users
from escalation.model.errors import BadInput

NAME = "sessions.json"
IDLE_S = 12 * 3600.0
LONGEST_S = 7 * 86400.0
"""From signing in, also of who never leaves."""
_SAVED_S = 600.0
"""That somebody is there still is written so seldom."""
_MOST = 1000


class _Session(NamedTuple):
    name: str
    proof: str
    owner: str
    begun: float
    seen: float


class Sessions:
    """Those of one home. They outlive the server, which is started again when it died.

    A session ends with its time, with the password that began it, and when its person signs out. It counts
    for connections of the same user of this machine that it was begun by: see `deployments.front.peers`.
    """

    def __init__(self, home: Path, users: Users, clock: Callable[[], float] = time.time) -> None:
        self._file, self._users, self._clock = home / NAME, users, clock
        self._open: dict[str, _Session] = {}
        try:
            self._open = {key: _Session(*kept) for key, kept in read_table(self._file).items()}
        except (BadInput, TypeError):  # who others could have written is asked again
            self._save()

    def begin(self, name: str, owner: str) -> str:
        """Signs somebody in; returns the token. It is new each time: none that was there before counts."""
        token, now = secrets.token_urlsafe(32), self._clock()
        proof = self._users.proof(name)
        assert proof is not None
        self._open = {key: kept for key, kept in self._open.items() if _lasts(kept, now)}
        while len(self._open) >= _MOST:
            del self._open[min(self._open, key=lambda key: self._open[key].seen)]
        self._open[_hash(token)] = _Session(name, proof, owner, now, now)
        self._save()
        return token

    def name(self, token: str, owner: str | None) -> str | None:
        """Who has the token; None where it is nobody's, or comes from somebody else."""
        kept, now = self._open.get(_hash(token)), self._clock()
        if kept is None or owner != kept.owner or not _lasts(kept, now):
            return None
        if self._users.proof(kept.name) != kept.proof:
            self.end(token)
            return None
        if now - kept.seen > _SAVED_S:
            self._open[_hash(token)] = kept._replace(seen=now)
            self._save()
        return kept.name

    def end(self, token: str) -> None:
        """Signs out."""
        if self._open.pop(_hash(token), None) is not None:
            self._save()

    def _save(self) -> None:
        write_table(self._file, dict(self._open))


def _lasts(kept: _Session, now: float) -> bool:
    return kept.seen <= now < kept.seen + IDLE_S and now < kept.begun + LONGEST_S


def _hash(token: str) -> str:
    """The token has 256 random bits: nothing slow is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
