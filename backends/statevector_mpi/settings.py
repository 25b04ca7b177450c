"""Settings of a site for the simulator over ranks."""

from pydantic import Field

from escalation.inputs.settings import OwnSettings


class StatevectorSettings(OwnSettings):
    """How large a state vector the site can hold, and over how many ranks it is spread."""

    statevector_ranks: int | None = Field(
        None,
        ge=1,
        le=2**20,
        description="MPI ranks that a state vector is spread over at most, where a circuit is large enough; "
        "the largest power of two within. Default: the processors of this machine.",
    )
    statevector_memory_mb: int | None = Field(
        None,
        ge=1,
        description="MiB that a state vector may take, all its ranks together; on a cluster, what its nodes "
        "have. Default: the memory of this machine.",
    )
    statevector_gpu_memory_mb: int | None = Field(
        None,
        ge=1,
        description="MiB of a GPU that a state vector may take, where a device ends in `+gpu`. Default: what "
        "nvidia-smi says of the first GPU of this machine; for a cluster it has to be stated.",
    )
