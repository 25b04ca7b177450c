"""Compares many cases, a part at a time, in several processes where there are many; the order stays."""

import gc
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from typing import Any

from escalation.model.identity import canonical_json
from escalation.policy.backtest.comparing import Compared, DecisionChange, compare
from escalation.policy.backtest.past_case import PastCase
from escalation.policy.backtest.plans import Plans
from escalation.policy.backtest.tally import Tally, line, summary
from escalation.policy.rules import Policy

SIZE = 500
"""Cases of a part."""
ALONE = 4
"""Parts after which further processes are worth their start, about a second each."""


@dataclass(frozen=True)
class BacktestPart:
    """What some cases come to.

    Attributes:
        tally: of them.
        lines: their comparisons, each a line of canonical JSON.
        changed: those of decisions that change.
    """

    tally: Tally
    lines: bytes
    changed: Sequence[Compared]


@dataclass
class Backtest:
    """What all cases come to.

    Attributes:
        tally: of them.
    """

    tally: Tally = field(default_factory=Tally)
    _hash: Any = field(default_factory=sha256)

    def add(self, part: BacktestPart) -> None:
        """Takes the next part in."""
        self.tally.merge(part.tally)
        self._hash.update(part.lines)

    def summary(self, policy: Policy) -> dict[str, Any]:
        """All of it as JSON; `sha256` is that of all lines in order."""
        return {**summary(self.tally, policy), "sha256": self._hash.hexdigest()}


def part_of(cases: Iterable[PastCase], plans: Plans) -> BacktestPart:
    """Compares some cases."""
    tally, lines, changed = Tally(), [], list[Compared]()
    for case in cases:
        found = list(compare(case, plans))
        tally.add_case(found)
        lines += [canonical_json(line(each)) + b"\n" for each in found]
        changed += [each for each in found if each.verdict is DecisionChange.CHANGED]
    return BacktestPart(tally, b"".join(lines), changed)


def parts(cases: Iterator[PastCase], policy: Policy, workers: int | None = None) -> Iterator[BacktestPart]:
    """Compares all cases in order.

    Args:
        cases: in order; one that is read slowly is waited for.
        policy: the new one.
        workers: processes where there are many cases; default: as many as there are processors to use.
    """
    plans = Plans(policy)
    workers = len(os.sched_getaffinity(0)) if workers is None else workers
    with _no_garbage():
        for chunk in islice(_chunks(cases), ALONE if workers > 1 else None):
            yield part_of(chunk, plans)
        if workers > 1:
            yield from _spread(cases, policy, workers)


def _spread(cases: Iterator[PastCase], policy: Policy, workers: int) -> Iterator[BacktestPart]:
    first = next(cases, None)
    if first is None:
        return
    chunks = _chunks(_followed(first, cases))
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (policy,)) as pool:
        running: deque[Future[BacktestPart]] = deque(
            pool.submit(_work, chunk) for chunk in islice(chunks, 2 * workers)
        )
        while running:
            yield running.popleft().result()
            running.extend(pool.submit(_work, chunk) for chunk in islice(chunks, 1))


def _followed(first: PastCase, cases: Iterator[PastCase]) -> Iterator[PastCase]:
    yield first
    yield from cases


def _chunks(cases: Iterator[PastCase]) -> Iterator[list[PastCase]]:
    while chunk := list(islice(cases, SIZE)):
        yield chunk


_PLANS: list[Plans] = []
"""Of a process that compares for another: one, for the policy that it began with."""


def _begin(policy: Policy) -> None:
    _PLANS.append(Plans(policy))
    gc.disable()


def _work(cases: list[PastCase]) -> BacktestPart:
    return part_of(cases, _PLANS[0])


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without the collector of circles: what is read here is in none, and looking for them takes a fifth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
