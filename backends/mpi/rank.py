"""One rank of an MPI world: runs the programs that it is asked for, one after the other.

Started as `mpiexec -n N python -m backends.mpi.rank WORLD N LAUNCHER`. For each program it checks the size of
the world, and runs it as `backends.processes.ranks` does.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from mpi4py import MPI

from backends.mpi import pipes
from backends.processes.calls import reusable
from backends.processes.guarded import die_with_parent
from backends.processes.jobfolder import FAILURE, JobFolder
from backends.processes.ranks import (
    WRONG_SIZE,
    Counter,
    mismatch,
    run,
    share_without_names,
)
from escalation.inputs.surroundings import collect_seldom


def serve(comm: Any, folder: JobFolder, sent_s: float, used_s: Counter, threads: int) -> bool:
    """Runs one program; tells whether every rank can run another: none left a thread or process behind."""
    run(comm, folder, sent_s, used_s)
    return bool(comm.allreduce(int(reusable(threads)), op=MPI.MIN))


def main() -> None:
    """Reads the command line, and serves the programs that the pipe asks for."""
    collect_seldom()
    die_with_parent("hydra_pmi_proxy")  # whose death mpiexec notices when its ranks end, not before
    world, asked, launcher = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    comm, used_s, threads = MPI.COMM_WORLD, Counter(), threading.active_count()
    share_without_names(comm)
    replies = os.open(world / pipes.REPLIES, os.O_WRONLY) if comm.Get_rank() == 0 else None
    with (world / pipes.commands(comm.Get_rank())).open(encoding="utf-8") as asking:
        for line in asking:
            sent_s, path = pipes.read(line)
            folder, again = JobFolder(path), False
            if comm.Get_size() == asked:
                again = serve(comm, folder, sent_s, used_s, threads)
            else:
                folder.publish(mismatch(asked, comm.Get_size(), launcher), FAILURE)
            if replies is not None:
                os.write(replies, pipes.AGAIN if again else pipes.SPENT)
            if not again:
                os._exit(0 if comm.Get_size() == asked else WRONG_SIZE)


if __name__ == "__main__":
    main()
