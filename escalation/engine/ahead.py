"""Has the work done that a problem's data need, on a machine of the site, before any case is opened."""

import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from escalation.engine.opening import files_of, naming, read_problem_file
from escalation.model.errors import BackendError, BadInput, TierwiseError
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.result import RawResult
from escalation.ports.ahead import programs_run_by
from escalation.ports.configuration import settings
from escalation.ports.machines import Backend, DurableBackend, charges, planned
from escalation.ports.registry import backend_descriptor, family

Tell = Callable[[str], None]
_WAIT_S = 0.5


class ProgramsOn:
    """Runs one program after the other on a backend that charges nobody; what they did is counted.

    Attributes:
        done: programs that ended well.
    """

    def __init__(self, spec: str, tell: Tell) -> None:
        """Opens the backend.

        Raises:
            BadInput: where there is none of the name, it runs no MPI programs, or its nodes have a price.
        """
        descriptor, device = backend_descriptor(spec)
        if MpiProgram.kind not in descriptor.accepts:
            raise BadInput(
                f"{spec}: expected a machine that runs MPI programs, it takes {', '.join(descriptor.accepts)}"
            )
        self.done, self._spec, self._tell = 0, spec, tell
        self._backend: Backend | DurableBackend = descriptor.open(settings(), device)
        if charges(self._backend):
            self._backend.close()
            raise BadInput(f"{spec}: its nodes have a price, which only the budget of a case may pay")

    def __call__(self, program: MpiProgram) -> RawResult:
        """Runs a program to its end; whatever stops this process stops it.

        Raises:
            TierwiseError: when it did not end well.
        """
        tag = f"tw-{secrets.token_hex(6)}"
        shared = self._backend.scratch if isinstance(self._backend, DurableBackend) else None
        folder = (shared or settings().scratch) / "ahead" / tag
        folder.mkdir(parents=True)
        try:
            result = self._run(program, folder, tag)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not result.ok:
            raise TierwiseError(f"{program.program} on {self._spec} ended {result.state}: {result.error}")
        self.done += 1
        return result

    def _run(self, program: MpiProgram, folder: Path, tag: str) -> RawResult:
        if not isinstance(self._backend, DurableBackend):
            return self._followed(self._backend.submit(program, folder))
        with self._stopping(planned(folder, tag)):  # it may be taken before its handle is here
            handle = self._backend.submit(program, folder, tag)
        return self._followed(handle)

    def _followed(self, handle: Mapping[str, Any]) -> RawResult:
        told = ""
        with self._stopping(handle):
            while not (progress := self._backend.wait(handle, _WAIT_S)).state.final:
                part = "" if progress.fraction is None else f", {progress.fraction:.0%}"
                line = f"{self._spec}: {progress.state}{part}"
                if line != told:
                    self._tell(line)
                told = line
            return self._backend.result(handle)

    @contextmanager
    def _stopping(self, handle: Mapping[str, Any]) -> Iterator[None]:
        """Has whatever ends the block stop the work: nobody would come for its result."""
        try:
            yield
        except BaseException:
            with suppress(BackendError, OSError):  # what ended it is told, not that nobody could be asked
                self._backend.cancel(handle)
            raise

    def close(self) -> None:
        """Lets go of the backend."""
        self._backend.close()


def load_with_programs(path: Path, run: ProgramsOn) -> None:
    """Reads the instance of a problem file; what it takes to make of its data is done by `run`, and kept.

    Raises:
        BadInput: with one clear line that names the file.
        TierwiseError: when a program did not end well.
    """
    problem, _ = read_problem_file(path)
    folder = path.resolve().parent
    with naming(path), files_of(folder).reading(), programs_run_by(run):
        family(problem.family).load(problem.instance, problem.seed, folder)
