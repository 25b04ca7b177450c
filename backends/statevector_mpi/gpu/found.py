"""The GPUs of this machine, asked of their driver's own command: nothing heavy is imported to know them."""

import subprocess
from dataclasses import dataclass
from functools import cache

from escalation.model.errors import BackendError

QUERY = ("nvidia-smi", "--query-gpu=memory.total,name", "--format=csv,noheader,nounits")
PATIENCE_S = 20.0
INSTALL = "uv pip install --group gpu"


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Attributes:
        name: as its maker calls it.
        memory_mb: MiB.
    """

    name: str
    memory_mb: int


def first() -> Gpu:
    """The first of this machine; raises `BackendError` where there is none."""
    found = _found()
    if isinstance(found, str):
        raise BackendError(f"no GPU is found here: {found}")
    return found


@cache
def _found() -> Gpu | str:
    """The first GPU, or why there is none."""
    try:
        said = subprocess.run(
            QUERY, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except OSError:
        return "there is no nvidia-smi, which comes with the driver of NVIDIA's GPUs"
    except subprocess.TimeoutExpired:
        return f"nvidia-smi says nothing for {PATIENCE_S:g} s"
    memory, _, name = (said.stdout.splitlines() or [""])[0].partition(",")
    if said.returncode or not memory.strip().isdigit():
        return f"nvidia-smi says {' '.join((said.stderr or said.stdout).split())[:200]!r}"
    return Gpu(name.strip(), int(memory))
