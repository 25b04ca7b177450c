"""Work before a case is open: what reads an instance has programs run where somebody said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.result import RawResult

RunProgram: TypeAlias = Callable[[MpiProgram], RawResult]

_RUN: ContextVar[RunProgram | None] = ContextVar("run_program", default=None)


def program_runner() -> RunProgram | None:
    """What runs programs; None where nobody said so, and whoever reads does the work in its own processes."""
    return _RUN.get()


@contextmanager
def programs_run_by(run: RunProgram) -> Iterator[None]:
    """Has programs run so inside the block."""
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)
