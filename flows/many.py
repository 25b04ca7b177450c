"""Many problems from Python: a batch as a flow run of the calling process, with its progress in view."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from prefect.logging.handlers import PrefectConsoleHandler

from escalation.engine.batch import Told
from escalation.inputs.problem_lists import problem_sources
from escalation.inputs.validation import parse
from escalation.model.amounts import Caps
from escalation.model.batch import BatchReport, BatchRow
from escalation.model.problem import Problem
from escalation.text.visible import visible
from escalation.text.wording import counted
from flows.batch import batch
from flows.lending import lending, lent
from flows.stopping import in_thread, until_interrupted

EVERY_S = 2.0
"""Seconds between two lines of progress."""

Problems = Iterable[Problem | Mapping[str, Any] | Path | str]
"""Problems as objects or plain data, and the paths of problem files, of folders of them and of lists."""


def solve_many(
    problems: Problems,
    policy: str | None = None,
    *,
    workers: int = 0,
    name: str = "",
    processes: int = 0,
    budget: Caps | Mapping[str, float] = Caps(),  # noqa: B008 (frozen)
    folder: str | None = None,
    progress: bool = True,
) -> BatchReport:
    """Solves many problems, each as a case of its own; what is wrong with one is a row, and stops no other.

    Run again, it goes on with what is left. Ctrl-C ends what runs and leaves no process behind.

    Args:
        problems: what is asked.
        policy: the name of a policy that ships, or a policy file; wins over those that the problems name.
        workers: cases at once; 0: as many as there are processors.
        name: begins the ids of the cases; under another name all is solved anew.
        processes: in which they are solved; 1: in this one; 0: one a processor, where there are problems
            enough to be worth their start.
        budget: what all cases together may use, by resource (`{"usd": 50}`); what is not named is unlimited.
        folder: where relative paths start; default: the current folder.
        progress: whether a line on standard error says from time to time how far it is.

    Returns:
        A row a problem; `.frame()` is the same as a data frame.

    Raises:
        BadInput: when the batch as a whole cannot be run.
    """
    return until_interrupted(
        partial(
            _solve, [_plain(each) for each in problems], policy, workers=workers, name=name,
            processes=processes, budget=parse(Caps, budget, "budget"), base=Path(folder or Path.cwd()),
            progress=progress,
        )
    )  # fmt: skip


def _solve(
    given: list[str | dict[str, Any]],
    policy: str | None,
    *,
    workers: int,
    name: str,
    processes: int,
    budget: Caps,
    base: Path,
    progress: bool,
) -> BatchReport:
    with _told(len(problem_sources(given, base)) if progress else None):
        return batch(
            given,
            policy,
            name=name,
            workers=workers,
            processes=processes,
            budget=budget,
            folder=str(base),
        )


async def solve_many_async(
    problems: Problems,
    policy: str | None = None,
    *,
    workers: int = 0,
    name: str = "",
    processes: int = 0,
    budget: Caps | Mapping[str, float] = Caps(),  # noqa: B008 (frozen)
    folder: str | None = None,
    progress: bool = True,
) -> BatchReport:
    """`solve_many` for a running event loop, as a notebook has one: `await solve_many_async(problems)`.

    The loop stays free meanwhile. Cancelled, it stops what runs as Ctrl-C does; the same call goes on.
    """
    call: Callable[[], BatchReport] = partial(
        _solve, [_plain(each) for each in problems], policy, workers=workers, name=name, processes=processes,
        budget=parse(Caps, budget, "budget"), base=Path(folder or Path.cwd()), progress=progress,
    )  # fmt: skip
    return await in_thread(call)


def _plain(problem: Problem | Mapping[str, Any] | Path | str) -> str | dict[str, Any]:
    """The problem as the flow takes it, which keeps what it is given with the run: paths or JSON."""
    if isinstance(problem, Problem):
        return problem.to_json()
    return str(problem) if isinstance(problem, (str, Path)) else dict(problem)


@contextmanager
def _told(of: int | None) -> Iterator[None]:
    """Lends what writes how many of so many have ended; Prefect's own lines go to the server alone."""
    if of is None:
        yield
        return
    loan = lent()
    with lending(loan.runtime, loan.listener, loan.case, _Progress(of, loan.told)), _quiet_console():
        yield


class _Progress:
    """Writes how far it is to standard error, every few seconds, and each row that needs a person."""

    def __init__(self, of: int, also: Told | None) -> None:
        self._of, self._also = of, also
        self._ended, self._at = 0, time.monotonic()

    def __call__(self, row: BatchRow) -> None:
        self._ended += 1
        if row.status.wants_a_person:
            why = row.why.removeprefix(f"{row.problem}: ")
            self._say(visible(f"{row.number} {row.problem}: {row.status}: {why}"))
        if self._ended == self._of or time.monotonic() - self._at >= EVERY_S:
            self._say(f"{self._ended:,} of {counted(self._of, 'problem', 'problems')}")
        if self._also is not None:
            self._also(row)

    def _say(self, line: str) -> None:
        self._at = time.monotonic()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


@contextmanager
def _quiet_console() -> Iterator[None]:
    """Has Prefect print nothing meanwhile: rows say what is wrong, and the server gets every line."""
    loggers = [logging.getLogger(name) for name in ("prefect", *logging.root.manager.loggerDict)]
    handlers = {each for logger in loggers for each in logger.handlers}
    levels = {each: each.level for each in handlers if isinstance(each, PrefectConsoleHandler)}
    try:
        for each in levels:
            each.setLevel(logging.CRITICAL)
        yield
    finally:
        for each, level in levels.items():
            each.setLevel(level)
