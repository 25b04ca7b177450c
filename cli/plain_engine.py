"""The ladder in this process."""

from pathlib import Path
from types import TracebackType
from typing import Self

from escalation.engine.drive import solve
from escalation.engine.ladder import Case
from escalation.engine.runtime import Listener
from escalation.model.case import Outcome
from records.runtime import open_runtime


class PlainEngine:
    """Solves cases with one runtime for all of them."""

    def __enter__(self) -> Self:
        self._opened = open_runtime()
        self._runtime = self._opened.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def __call__(self, case: Case, path: Path, listener: Listener) -> Outcome:
        return solve(self._runtime, case, listener)
