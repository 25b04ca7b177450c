"""Drives the ladder of a recorded case again, step by step, beside its record."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from escalation.engine.answering import with_answer
from escalation.engine.attempting import work_record
from escalation.engine.case import Case
from escalation.engine.certifying import judged
from escalation.engine.ladder import ladder
from escalation.engine.steps import Certify, Decide, Item, Perform
from escalation.engine.telling import told
from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.case import Outcome, WorkKey
from escalation.model.decision import Decision
from escalation.model.identity import canonical_json, digest_bytes
from escalation.model.result import RawResult
from escalation.replay.comparing import StatedComparison
from escalation.replay.deciding import decided_again
from escalation.replay.differences import differences
from escalation.replay.facts import RecordedFacts
from escalation.replay.record import Record
from escalation.replay.report import Difference
from escalation.replay.surroundings import worded_by

_OF_THAT_RUN = ("elapsed", "report", "record", "mlflow_run_id", "paused", "engine")
"""Of an outcome: how long it took then, and views of it."""
_WORDS = ("answer", "told", "limits", "remarks", "failures", "faults")
"""Of an outcome: sentences, which another version of the code may put in another way."""


class _OffTheRecord(Exception):
    """The ladder asks for what the record does not have."""


class _Nowhere:
    """A store that only names what it is given."""

    def put(self, data: bytes) -> str:
        return digest_bytes(data)

    def get(self, digest: str) -> bytes:
        raise AssertionError(f"nothing is kept here, and {digest} was asked for")

    def has(self, digest: str) -> bool:
        return False


@dataclass
class Climb:
    """One way up the ladder.

    Attributes:
        case: opened again from the record.
        record: what it is compared with.
        again: runs a piece of work again, given what the record has of it; None takes that.
        found: differences, in the order in which the ladder came to them.
        stated: how attempts compare that the record says cannot be had bit for bit.
        worded: parts of the outcome that another version of the code put in other words than this one does.
    """

    case: Case
    record: Record
    again: Callable[[Item, Done | None], RawResult | None] | None = None
    found: list[Difference] = field(default_factory=list)
    decisions: int = 0
    attempts: int = 0
    works: int = 0
    facts_again: int = 0
    facts_taken: set[str] = field(default_factory=set)
    stated: list[str] = field(default_factory=list)
    worded: tuple[str, ...] = ()
    _loose: set[int] = field(default_factory=set)
    _tried: list[tuple[Attempt, Candidate | None]] = field(default_factory=list)

    def run(self) -> None:
        """Goes up as far as the record goes."""
        steps = ladder(self.case)
        try:
            step = next(steps)
            while True:
                step = steps.send(self._carry_out(step))
        except StopIteration as end:
            self._outcome(end.value)
        except _OffTheRecord:
            steps.close()
            return
        self._left_over()

    def _carry_out(self, step: Any) -> Any:
        match step:
            case Decide():
                return self._decide(step)
            case Perform():
                return tuple(map(self._perform, step.items))
            case Certify():
                return self._certify(step)

    def _decide(self, step: Decide) -> Decision:
        number = step.state.number
        name, recorded = f"decision {number}", self.record.decision(number)
        if recorded is None:
            raise self._off(name, None, "the ladder goes on")
        facts = RecordedFacts(self.case, step.state, recorded)
        decision = decided_again(self.case, step.state, facts)
        self.decisions += 1
        self.facts_again += facts.again
        self.facts_taken |= facts.taken
        before, now = recorded.to_json(), decision.to_json()
        for part in (("facts",), ("facts_hash", "policy_hash")):  # what it rests on before what it came to
            self._compare(name, _only(before, part), _only(now, part))
            before, now = _without(before, part), _without(now, part)
        self._compare(name, before, now)
        return decision

    def _perform(self, item: Item) -> RawResult:
        key = item.key
        name = f"work {key.ordinal} of attempt {key.attempt}"
        done = self.record.done(key.attempt, key.ordinal)
        if done is None and (self.again is None or key.attempt not in self._loose):
            raise self._off(name, None, item.work.to_json())
        self.works += 1
        if done is not None and key.attempt not in self._loose:
            self._compare(name, done.work.to_json(), item.work.to_json())
            self._compare_kept(key, done)
        if done is not None and self.again is None:
            return done.result
        return self._run_again(item, done)

    def _compare_kept(self, key: WorkKey, done: Done) -> None:
        """The result as it is kept, with what the attempt says of it."""
        attempt = self.record.attempt(key.attempt)
        if attempt is not None and key.ordinal < len(attempt.works):
            kept = _as_written(work_record(key.ordinal, done))
            name = f"result of work {key.ordinal} of attempt {key.attempt}"
            self._compare(name, attempt.works[key.ordinal], kept)

    def _run_again(self, item: Item, done: Done | None) -> RawResult:
        """The recorded result where it comes out the same; else the new one, at the recorded cost."""
        assert self.again is not None
        key = item.key
        name = f"result of work {key.ordinal} of attempt {key.attempt}, run again"
        result = self.again(item, done)
        if result is None:
            raise self._off(name, None, "it is other work than was recorded, and is not run here")
        if done is None:
            return result
        if result.digest == done.result.digest:
            return done.result
        if self._irreproducible(key.attempt):
            self._loose.add(key.attempt)
        else:
            self._compare(name, *(_as_written(_identity(each)) for each in (done.result, result)))
        return replace(result, usage=done.result.usage, lost=done.result.lost)

    def _irreproducible(self, attempt: int) -> str:
        """Why the attempt may come out otherwise, as the record said before it began."""
        decision = self.record.decision(attempt)
        return decision.irreproducible if decision else ""

    def _certify(self, step: Certify) -> Attempt:
        number = step.draft.number
        recorded = self.record.attempt(number)
        if recorded is None:
            raise self._off(f"attempt {number}", None, f"{step.draft.tier}/{step.draft.method}")
        attempt = judged(self.case, step, recorded.judged_at)
        self.attempts += 1
        if number in self._loose:
            return self._as_stated(recorded, attempt)
        self._tried.append((attempt, step.candidate))
        before, now = recorded.to_json(), attempt.to_json()
        candidate = self.record.candidates.get(number)
        if candidate is not None:
            kept = _as_written(candidate.to_json())
            self._compare(f"candidate of attempt {number}", kept, now["candidate"])
        for part in ("candidate", "certificate"):
            self._compare(f"{part} of attempt {number}", before.pop(part), now.pop(part))
        self._compare(f"attempt {number}", before, now)
        return attempt

    def _as_stated(self, recorded: Attempt, again: Attempt) -> Attempt:
        """Compares in the way that is stated; the ladder goes on from the attempt as it is recorded."""
        number = recorded.number
        compared = StatedComparison(recorded, again, self.case.problem.target, self._irreproducible(number))
        self.stated.append(compared.line)
        if not compared.as_good:
            self._add(f"certificate of attempt {number}, run again", _short(recorded), _short(again))
        self._tried.append((recorded, self.record.candidates.get(number)))
        return recorded

    def _outcome(self, outcome: Outcome) -> None:
        again, answer = with_answer(_Nowhere(), self.case, outcome, self._tried)
        again = again.model_copy(update={"told": told(self.case.info, again, answer)})
        recorded, now = (_without(each.to_json(), _OF_THAT_RUN) for each in (self.record.outcome, again))
        for each in (recorded, now):
            each["cost"] = _without(each["cost"], ("wall_s",))
            each["told"] = _without(each["told"] or {}, ("cost",))
        if worded_by(self.record.case.info.environment, self.case.info.environment):
            self.worded = tuple(name for name in _WORDS if recorded[name] != now[name])
        self._compare("outcome", *(_without(each, self.worded) for each in (recorded, now)))
        self._compare("case", {"status": str(self.record.case.status)}, {"status": str(again.status)})

    def _left_over(self) -> None:
        """What the record has beyond the end of the ladder."""
        for decision in self.record.decisions:
            if decision.number >= self.decisions:
                self._add(f"decision {decision.number}", f"{decision.action}: {decision.because}", None)
        for attempt in self.record.attempts:
            if attempt.number >= self.attempts:
                self._add(f"attempt {attempt.number}", f"{attempt.tier}/{attempt.method}", None)

    def _compare(self, step: str, recorded: Any, replayed: Any) -> None:
        self.found += differences(step, recorded, replayed)

    def _add(self, step: str, recorded: Any, replayed: Any) -> None:
        self.found.append(Difference(step=step, recorded=recorded, replayed=replayed))

    def _off(self, step: str, recorded: Any, replayed: Any) -> _OffTheRecord:
        self._add(step, recorded, replayed)
        return _OffTheRecord()


def _identity(result: RawResult) -> dict[str, Any]:
    """What a result's digest is of."""
    return _only(result.to_json(), ("state", "values", "files", "error"))


def _short(attempt: Attempt) -> dict[str, Any]:
    found = attempt.certificate
    return {"error": attempt.error} if found is None else {"status": str(found.status), "value": found.value}


def _as_written(document: Any) -> Any:
    """The document as it reads once it was written down."""
    return json.loads(canonical_json(document))


def _only(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: document.get(name) for name in names}


def _without(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}
