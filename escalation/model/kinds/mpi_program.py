"""A function on every rank of an MPI world."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from escalation.model.blob import Blob
from escalation.model.kinds.call import Call
from escalation.model.resources import Resources


@dataclass(frozen=True)
class MpiProgram(Call):
    """A function run once on every rank of an MPI world of `resources.ranks` processes.

    The function is `def f(comm, params: dict, inputs: dict[str, bytes], report: Report) -> Output | None`;
    what rank 0 returns is the result. `comm` is an `mpi4py.MPI.Comm`.

    Attributes:
        program: `package.module:name`.
        params: plain JSON data.
        inputs: named bytes, the same on every rank.
    """

    kind: ClassVar[str] = "mpi_program"
    sample: ClassVar[str] = "escalation.testing.works:mpi_program"
    names: ClassVar[str] = "program"
    program: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    resources: Resources = Resources(ranks=2)
