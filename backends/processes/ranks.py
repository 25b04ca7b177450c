"""An `MpiProgram` on one rank of its world, however that was started.

It runs the function, and gathers where everybody ran. The first rank that fails says why and aborts the world
(MPI_Abort, MPI 4.1 standard, section 9.6), so that nobody waits for it.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from mpi4py import MPI

from backends.processes.calls import UNWRITTEN, checked, cpu_s, failure, print_to, resolve, where
from backends.processes.guard import remove, segments
from backends.processes.guarded import processors
from backends.processes.jobfolder import FAILURE, FolderReport, JobFolder
from escalation.model.amounts import Amounts
from escalation.model.clock import boottime_s
from escalation.model.errors import first_line, of_machine
from escalation.model.job_state import JobState
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.result import RawResult

WRONG_SIZE = 3
ROOT = Path.cwd()


def mismatch(asked: int, got: int, launcher: str) -> RawResult:
    """Returns the failure of a launcher that gave another number of ranks than it was asked for."""
    error = (
        f"asked for {asked} ranks, got worlds of size {got}: the launcher {launcher} does not belong to the "
        f"MPI library that mpi4py loads ({_library()}); set TIERWISE_MPIEXEC to that library's own mpiexec"
    )
    return RawResult(JobState.FAILED, {"expected_ranks": asked, "ranks": got}, error=error)


def share_without_names(comm: Any) -> None:
    """Takes away the names of the memory that MPICH's ranks share, which all have mapped by now: where ranks
    are killed, or abort, nobody else does (shm_unlink(3))."""
    comm.barrier()
    remove({path for path in segments(os.getpid()) if "mpich" in path})


class Counter:
    """Processor seconds of this rank since it last asked; the first time, since the process began."""

    def __init__(self) -> None:
        self._before_s = 0.0

    def __call__(self) -> float:
        now_s = cpu_s()
        used_s, self._before_s = now_s - self._before_s, now_s
        return used_s


def run(comm: Any, folder: JobFolder, sent_s: float, used_s: Counter) -> None:
    """Runs the program on this rank, its output apart; whatever a rank raises ends the whole world."""
    with _printing_apart(folder, comm.Get_rank()):
        try:
            _run(comm, folder, sent_s, used_s)
        except BaseException as error:
            _abort(comm, folder, error)


def _run(comm: Any, folder: JobFolder, sent_s: float, used_s: Counter) -> None:
    """Rank 0 publishes the result."""
    work, rank, since_s = folder.work(), comm.Get_rank(), boottime_s()
    function = resolve(work["program"])
    report = FolderReport(folder) if rank == 0 else Report()
    world = comm.Dup()
    output = function(world, work["params"], folder.inputs(), report)
    world.Free()
    returned = checked(output if rank == 0 else Output())
    placement = comm.gather(_placement(rank, boottime_s() - since_s, used_s()), root=0)
    if rank == 0:
        usage = Amounts(wall_s=boottime_s() - sent_s, cpu_s=sum(process["cpu_s"] for process in placement))
        provenance = {
            **where(work["resources"]["threads"]),
            "ranks": comm.Get_size(),
            "mpi_library": _library(),
            "start_up_s": since_s - sent_s,
            "placement": placement,
        }
        done = (JobState.DONE, returned.values, returned.files)
        folder.publish(RawResult(*done, usage=usage, provenance=provenance, evidence=returned.evidence))


def _placement(rank: int, wall_s: float, cpu_s: float) -> dict[str, Any]:
    return {
        "rank": rank,
        "host": MPI.Get_processor_name(),
        "pid": os.getpid(),
        "cpus": processors(),
        "wall_s": wall_s,
        "cpu_s": cpu_s,
    }


def _library() -> str:
    lines = MPI.Get_library_version().replace("\x00", "").strip().splitlines()
    return " ".join(lines[0].split())


@contextmanager
def _printing_apart(folder: JobFolder, rank: int) -> Iterator[None]:
    """What is printed, by C code and child processes too, goes to a file of the rank's own; so do temporary
    files. What a program changes of its process is as it was before when it ends well."""
    environ = dict(os.environ)
    os.environ["TMPDIR"], tempfile.tempdir = str(folder.path), None
    print_to(folder.path / f"log-rank-{rank}.txt")
    yield
    print_to(Path(os.devnull))
    os.environ.clear()
    os.environ.update(environ)
    tempfile.tempdir = None
    os.chdir(ROOT)


def _abort(comm: Any, folder: JobFolder, error: BaseException) -> NoReturn:
    """Says why this rank failed, and ends the world."""
    traceback.print_exc()
    code = UNWRITTEN if of_machine(error) else 1
    try:
        error_line = f"rank {comm.Get_rank()}: {first_line(error)}"
        folder.publish(RawResult(failure(error), error=error_line), FAILURE)
    except OSError:  # not even that can be written; the world must end all the same
        code = UNWRITTEN
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    comm.Abort(code)
    os._exit(code)
