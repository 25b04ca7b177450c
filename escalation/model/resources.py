"""What a piece of work may use."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resources:
    """What a piece of work may use.

    Attributes:
        ranks: MPI processes.
        threads: threads a process.
        wall_s: seconds until it is stopped.
        memory_mb: advice for schedulers, in MiB.
    """

    ranks: int = 1
    threads: int = 1
    wall_s: float = 3600.0
    memory_mb: int = 2048

    def to_json(self) -> dict[str, Any]:
        return {
            "ranks": self.ranks,
            "threads": self.threads,
            "wall_s": self.wall_s,
            "memory_mb": self.memory_mb,
        }
