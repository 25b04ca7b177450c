"""Whether what an export's events tell can have happened: nothing without what it needs before it.

Code of its own, apart from the ledger's: an export is judged by what it says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from records.export.payload import Json

_NEEDED = {
    "opened": None,
    "closed": "running",
    "asked": None,
    "granted": "asked",
    "denied": "asked",
    "used": "granted",
}
"""By what happened to a case or a question: the state before it."""
_TURNS = ("decision", "attempt")
_OVER = ("settled", "done", "cancelled")
"""States of a submission after which it is billed."""
Key = tuple[Any, ...]


def impossible(events: Iterable[Json]) -> Iterator[str]:
    """A line on each event that cannot have happened then."""
    so_far = _SoFar()
    for event in events:
        if not so_far.takes(event["kind"], event["body"]):
            work = so_far.work(event["body"])
            yield f"history: {event['kind']} {work} (event {event['number']}) cannot have happened then"


def resealed(events: Iterable[tuple[str, Json]]) -> Iterator[str]:
    """A line on each row that was another before an event than the event before it left it.

    Args:
        events: each with the chain that it is in; of the closed chain of earlier layouts nothing is known.
    """
    seals: dict[Key, str] = {}
    for chain, event in events:
        row = event["body"].get("row")
        if not row:
            continue
        key = (row["table"], *row["key"])
        if chain != "/closed" and row["before"] != seals.get(key):
            yield f"history: the row {' '.join(map(str, key))} was changed before event {event['number']}"
        seals[key] = row["digest"]


@dataclass
class _SoFar:
    """What there is after the events until now.

    Attributes:
        states: of the case, questions, amounts and submissions.
        used: pieces of work with an approval used up and not yet spent on.
        made: how many decisions and attempts.
    """

    states: dict[Key, str | None] = field(default_factory=dict)
    used: set[Key] = field(default_factory=set)
    made: int = 0

    @staticmethod
    def work(body: Json) -> Key:
        return body.get("attempt"), body.get("ordinal")

    def takes(self, kind: str, body: Json) -> bool:
        """Takes an event in; returns whether it can have happened."""
        what, _, verb = kind.partition(".")
        if what in _TURNS:
            fits = (what, body["number"]) == (_TURNS[self.made % 2], self.made // 2)
            self.made += 1
            return fits
        work = self.work(body)
        thing = (what, body.get("approval_id") or work)
        was = self.states.get(thing)
        now = self._after(what, verb, was, body)
        fits = self._follows(what, verb, was, body) and self._allowed(kind, work, was, now)
        self.states[thing] = now
        if kind == "approval.used":
            self.used.add(work)
        elif now == "authorised":
            self.used.discard(work)
        return fits

    @staticmethod
    def _after(what: str, verb: str, was: str | None, body: Json) -> str | None:
        if what == "case":
            ends = {"opened": "running", "resumed": "running", "closed": body.get("status")}
            return ends.get(verb, was)
        if what == "handoff" and verb != "wanted":
            state: str | None = body["changed"].get("state", was)
            return state
        return verb

    @staticmethod
    def _follows(what: str, verb: str, was: str | None, body: Json) -> bool:
        said = body.get("from") if what == "handoff" else body.get("was", was)
        return bool(was == _NEEDED.get(verb, was) == said)

    def _allowed(self, kind: str, work: Key, was: str | None, now: str | None) -> bool:
        """Money moves with permission alone, and is billed for what came to an end."""
        if now == "authorised" and was in ("frozen", "asked"):
            aside = self.states.get(("budget", work)) == "reserved"
            return aside and (was == "frozen" or work in self.used)
        if kind == "budget.spent":
            return self.states.get(("handoff", work), "done") in _OVER
        return True
