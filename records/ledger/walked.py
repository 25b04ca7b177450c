"""A run of events that was walked and is right, by which it is known again without decoding it anew."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import RowMapping

from records.ledger.chains import CLOSED, MONEY, NOTHING, Head, decoded, link_finding, named
from records.ledger.events import Key, Seal, seal_in

Each = Callable[[RowMapping, Mapping[str, Any]], None]
"""Is told of each event whose hash and link are right, and of its body."""


@dataclass
class WalkedEvents:
    """The beginning of a chain, or of all that happened to a case, in the order of its events.

    What happened to a case is its own chain, with what the chain of money and the closed chain have of it.

    Attributes:
        chain: whose links are checked. Of other chains' events, links are not: they are only a part of them.
        count: of events.
        head: of `chain`.
        text: the SHA-256 of all columns of all events, as the database gives them.
        seals: what the events say of rows.
        others: the last number seen of each other chain.
        checkpoints: number and hash of events of the chain of checkpoints, by which event first names them.
    """

    chain: str
    count: int = 0
    head: Head = NOTHING
    text: Any = field(default_factory=sha256)
    seals: dict[tuple[str, Key], Seal] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    checkpoints: dict[Head, str] = field(default_factory=dict)

    def begins(self, rows: Iterator[RowMapping]) -> bool:
        """Whether the rows begin with these very events, letter by letter; takes those from the iterator."""
        found = sha256()
        for row in islice(rows, self.count):
            found.update(as_read(row.values()))
        return bool(found.digest() == self.text.digest())

    def follow(self, rows: Iterable[RowMapping], each: Each | None = None) -> Iterator[str]:
        """Takes in the events that follow; yields what is wrong with the first that does not, and ends."""
        hidden: list[str] = []
        for row in rows:
            body = decoded(row)
            found = self._finding(row, body)
            if found or body is None:
                yield found
                return  # what comes after hangs on it
            hidden += filter(None, [self._hidden(row, body)])
            self._add(row, body)
            if each is not None:
                each(row, body)
        yield from hidden[:1]  # events that are in another order say more

    def _finding(self, row: RowMapping, body: Mapping[str, Any] | None) -> str:
        number, chain = row["number"], row["chain"]
        if chain == self.chain:
            return link_finding(row, body, self.head)
        found = link_finding(row, body, Head(number - 1, row["previous"]))
        if found or body is None:
            return found
        which = f"event {number} of {named(chain)}"
        if number <= self.others.get(chain, 0) or (
            chain == CLOSED and (self.head.number or MONEY in self.others)
        ):
            return f"{which} is about {row['case_id']}, and is not in its place among what happened to it"
        if chain == MONEY and row["case_id"] and body.get("case") != list(self.head):
            mine, (then, hash_) = named(self.chain), body.get("case") or (0, "")
            return (
                f"{which} came after event {then} of {mine} with hash {hash_}, got it after event "
                f"{self.head.number} with hash {self.head.hash}: events of {mine} are missing, or others"
            )
        return ""

    def _hidden(self, row: RowMapping, body: Mapping[str, Any]) -> str:
        """Whether an event that seals a row was made in ignorance of the seal before it."""
        sealed = body.get("row")
        if sealed is None or row["chain"] == CLOSED:
            return ""
        name = sealed["table"], tuple(sealed["key"])
        if name not in self.seals and self.chain == MONEY:
            return ""  # that one may be in the closed chain
        last = self.seals.get(name)
        if sealed.get("before") == (last and last.digest):
            return ""
        which = f"event {row['number']} of {named(row['chain'])} seals {row['row_key']}"
        before = f"{last.digest} of {last.event}" if last else "none"
        return f"{which}: expected {before} as the digest before, got {sealed.get('before')}"

    def _add(self, row: RowMapping, body: Mapping[str, Any]) -> None:
        self.count += 1
        self.text.update(as_read(row.values()))
        if row["chain"] == self.chain:
            self.head = Head(row["number"], row["hash"])
        else:
            self.others[row["chain"]] = row["number"]
        if body.get("checkpoint") is not None:
            which = f"event {row['number']} of {named(row['chain'])}"
            self.checkpoints.setdefault(Head(*body["checkpoint"]), which)
        sealed = body.get("row")
        if sealed is not None:
            self.seals[sealed["table"], tuple(sealed["key"])] = seal_in(row, body)


def as_read(columns: Iterable[Any]) -> bytes:
    """One text for one row of values: where the texts are equal, so are values and types."""
    return repr(tuple(columns)).encode()
