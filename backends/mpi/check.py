"""Finds out whether the MPI launcher really gives as many ranks as it is asked for."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backends.mpi.backend import MpiBackend
from backends.processes.allocation import current
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.resources import Resources

WALL_S = 60.0


def count(comm: Any, params: Mapping[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """Returns the number of ranks that answered."""
    answers = comm.gather(comm.Get_rank(), root=0)
    return None if answers is None else Output({"ranks": len(set(answers))})


def check_ranks(settings: Settings, ranks: int) -> tuple[bool, str]:
    """Starts a world of so many ranks; tells whether all of them came, and one line about it."""
    backend = MpiBackend(settings)
    program = MpiProgram("backends.mpi.check:count", resources=Resources(ranks=ranks, wall_s=WALL_S))
    try:
        with tempfile.TemporaryDirectory(prefix="tierwise-mpi-") as folder:
            handle = backend.submit(program, Path(folder) / "job")
            backend.wait(handle, WALL_S + 10.0)
            result = backend.result(handle)
    except BackendError as error:
        return False, str(error)
    finally:
        backend.close()
    if not result.ok:
        return False, result.error or str(result.state)
    got = result.values["ranks"]
    return got == ranks, f"{got} of {ranks} ranks answered, {result.provenance['mpi_library']}{_bound()}"


def _bound() -> str:
    """How many there may be, where a batch job bounds them."""
    job = current()
    return f"; at most {job.cpus} ranks here, in {job.job}" if job else ""
