"""One rank of a job's `MpiProgram`: `python -m backends.batch.rank FOLDER RANKS`, started by a launcher."""

import os
import sys
from pathlib import Path

from mpi4py import MPI

from backends.processes.jobfolder import FAILURE, JobFolder
from backends.processes.ranks import (
    WRONG_SIZE,
    Counter,
    mismatch,
    run,
    share_without_names,
)
from escalation.inputs.surroundings import collect_seldom
from escalation.model.clock import boottime_s, this_process


def main() -> None:
    """Reads the command line, and runs the program on this rank."""
    collect_seldom()
    since_s, comm, folder, asked = (
        boottime_s(),
        MPI.COMM_WORLD,
        JobFolder(Path(sys.argv[1])),
        int(sys.argv[2]),
    )
    if comm.Get_size() != asked:
        folder.publish(mismatch(asked, comm.Get_size(), "of the job"), FAILURE)
        os._exit(WRONG_SIZE)
    share_without_names(comm)
    if comm.Get_rank() == 0:
        folder.mark_running(this_process().to_json())
    run(comm, folder, since_s, Counter())


if __name__ == "__main__":
    main()
