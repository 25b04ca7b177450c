"""Features over the ranks of an MPI world, where somebody named a machine for them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from escalation.model.blob import Blob
from escalation.model.errors import BadInput
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.output import Output
from escalation.model.report import Report
from escalation.model.resources import Resources
from escalation.ports.ahead import RunProgram
from escalation.ports.configuration import mpi_ranks
from problems.prediction.sources import chunks
from problems.prediction.sources.maker import make
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

PROGRAM = "problems.prediction.sources.over_ranks:run"
MOST_BYTES = 256 * 2**20
"""Of chunks a program: they are on every rank."""
START_S = 120.0
SLOWER = 10
"""How much slower than here a program may be before it is stopped."""


def run(comm: Any, params: dict[str, Any], inputs: Mapping[str, bytes], report: Report) -> Output | None:
    """Each rank makes the features of every so many-th chunk; rank 0 returns them all, a file a chunk.

    Args:
        comm: an `mpi4py.MPI.Comm`.
        params: `function`, and `params` to call it with.
        inputs: chunks by name, as bytes.
        report: told the part that rank 0 has done.
    """
    own = sorted(inputs)[comm.Get_rank() :: comm.Get_size()]
    made, wrong = {}, ""
    for number, name in enumerate(own):
        try:
            made[name] = npy.dump(make(params["function"], params["params"], chunks.load(inputs[name])))
        except BadInput as error:
            wrong = str(error)
            break
        report((number + 1) / len(own), f"{number + 1} of {len(own)} chunks of rank {comm.Get_rank()}")
    everything = comm.gather((made, wrong), root=0)
    if everything is None:
        return None
    complaints = [said for _, said in everything if said]
    if complaints:
        return Output({"wrong": complaints[0]})
    return Output(files={name: data for files, _ in everything for name, data in files.items()})


def program_of(
    function: str, params: Mapping[str, Any], dumped: Mapping[str, bytes], pace_s: float
) -> MpiProgram:
    """The program for chunks, of which one took so many seconds here."""
    ranks = min(mpi_ranks(), len(dumped))
    size = sum(map(len, dumped.values()))
    return MpiProgram(
        PROGRAM,
        {"function": function, "params": dict(params)},
        {name: Blob(data) for name, data in dumped.items()},
        Resources(
            ranks=ranks,
            wall_s=float(round(START_S + SLOWER * pace_s * -(-len(dumped) // ranks))),
            memory_mb=ranks * (512 + 4 * size // 2**20),
        ),
    )


def made_over_ranks(run: RunProgram, program: MpiProgram) -> dict[str, Floats]:
    """Has the features made; raises `BadInput` with what is wrong with the rows."""
    result = run(program)
    if "wrong" in result.values:
        raise BadInput(result.values["wrong"])
    return {name: npy.load(blob.data, np.float64, (None, None)) for name, blob in result.files.items()}
