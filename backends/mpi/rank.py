"""One rank of an MPI program: checks the world, runs the function, gathers where everybody ran.

Started as `mpiexec -n N python -m backends.mpi.rank FOLDER LAUNCHER`. The first rank that fails publishes why
and aborts the world (MPI_Abort, MPI 4.1 standard, section 9.6), so that nobody waits for it.
"""

import os
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from mpi4py import MPI

from backends.processes.calls import UNWRITTEN, Meter, checked, failure, one_line, resolve, where
from backends.processes.guarded import die_with_parent, processors
from backends.processes.jobfolder import FolderReport, JobFolder
from escalation.model.errors import of_machine
from escalation.model.job_state import JobState
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.result import RawResult

WRONG_SIZE = 3


def mismatch(asked: int, got: int, launcher: str) -> RawResult:
    """Returns the failure of a launcher that gave another number of ranks than it was asked for."""
    error = (
        f"asked for {asked} ranks, got worlds of size {got}: the launcher {launcher} does not belong to the "
        f"MPI library that mpi4py loads ({_library()}); set TIERWISE_MPIEXEC to that library's own mpiexec"
    )
    return RawResult(JobState.FAILED, {"expected_ranks": asked, "ranks": got}, error=error)


def run(comm: Any, folder: JobFolder) -> None:
    """Runs the function on this rank; rank 0 publishes its result."""
    work, meter, rank = folder.work(), Meter(), comm.Get_rank()
    if rank == 0:
        folder.mark_running({"pid": os.getpid()})
    function = resolve(work["program"])
    report = FolderReport(folder) if rank == 0 else Report()
    output = function(comm.Dup(), work["params"], folder.inputs(), report)
    returned = checked(output if rank == 0 else Output())
    placement = comm.gather(_placement(rank, meter), root=0)
    if rank == 0:
        provenance = {**where(work["resources"]["threads"]), **_world(comm), "placement": placement}
        folder.publish(
            RawResult(
                JobState.DONE,
                returned.values,
                returned.files,
                usage=meter.usage(),
                provenance=provenance,
                evidence=returned.evidence,
            )
        )


def _placement(rank: int, meter: Meter) -> dict[str, Any]:
    used = meter.usage()
    return {
        "rank": rank,
        "host": MPI.Get_processor_name(),
        "pid": os.getpid(),
        "cpus": processors(),
        "wall_s": used.wall_s,
        "cpu_s": used.cpu_s,
    }


def _world(comm: Any) -> dict[str, Any]:
    return {"ranks": comm.Get_size(), "mpi_library": _library()}


def _library() -> str:
    lines = MPI.Get_library_version().replace("\x00", "").strip().splitlines()
    return " ".join(lines[0].split())


def _print_to(path: Path) -> None:
    """Sends everything this rank prints, by C code and child processes too, to a file of its own."""
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(target, number)
    os.close(target)


def _abort(comm: Any, folder: JobFolder, error: BaseException) -> NoReturn:
    traceback.print_exc()
    code = UNWRITTEN if of_machine(error) else 1
    try:
        folder.publish(RawResult(failure(error), error=f"rank {comm.Get_rank()}: {one_line(error)}"))
    except OSError:  # not even that can be written; the world must end all the same
        code = UNWRITTEN
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    comm.Abort(code)
    os._exit(code)


def main() -> None:
    """Reads the command line, checks the size of the world, and runs this rank."""
    die_with_parent("hydra_pmi_proxy")  # whose death mpiexec notices when its ranks end, not before
    folder, launcher = JobFolder(Path(sys.argv[1])), sys.argv[2]
    comm, asked = MPI.COMM_WORLD, int(folder.work()["resources"]["ranks"])
    if comm.Get_size() != asked:
        failure = mismatch(asked, comm.Get_size(), launcher)
        folder.publish(failure)
        print(failure.error, file=sys.stderr)  # noqa: T201
        sys.exit(WRONG_SIZE)
    _print_to(folder.path / f"log-rank-{comm.Get_rank()}.txt")
    try:
        run(comm, folder)
    except BaseException as error:  # whatever a rank raises ends the whole world
        _abort(comm, folder, error)


if __name__ == "__main__":
    main()
