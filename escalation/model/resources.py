"""What a piece of work wants of a machine, as PSI/J's ResourceSpecV1 says it, and what a machine can give."""

from dataclasses import dataclass
from math import inf
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.errors import BackendError, BadInput


@dataclass(frozen=True)
class Resources:
    """What a piece of work may use. https://exaworks.org/psij-python, ResourceSpecV1.

    Attributes:
        ranks: processes (`process_count`).
        threads: processor cores a process (`cpu_cores_per_process`).
        wall_s: seconds until it is stopped (`JobAttributes.duration`).
        memory_mb: of all processes together, in MiB (`memory`).
        nodes: machines that the processes are spread over (`node_count`); None follows from the others.
        ranks_per_node: processes on each (`processes_per_node`); None follows from the others.
        gpus: GPUs a process (`gpu_cores_per_process`).
        exclusive: nobody else's work on these nodes (`exclusive_node_use`).

    Raises:
        BadInput: for numbers that are too small, or contradict each other.
    """

    ranks: int = 1
    threads: int = 1
    wall_s: float = 3600.0
    memory_mb: int = 2048
    nodes: int | None = None
    ranks_per_node: int | None = None
    gpus: int = 0
    exclusive: bool = False

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and value >= least):
                raise BadInput(f"resources: expected a whole number {name} of at least {least}, got {value}")
        if not 0 < self.wall_s < inf:
            raise BadInput(f"resources: expected wall_s above 0, got {self.wall_s}")
        if self.ranks % self.node_count or self.ranks != self.node_count * self.each_node:
            raise BadInput(
                f"resources: expected ranks = nodes x ranks_per_node, got {self.ranks} ranks, "
                f"{self.node_count} nodes, {self.each_node} ranks_per_node; leave one of them out"
            )

    @property
    def node_count(self) -> int:
        """Machines: as stated, else as many as its ranks fill."""
        if self.nodes is not None:
            return self.nodes
        return 1 if self.ranks_per_node is None else max(1, self.ranks // self.ranks_per_node)

    @property
    def each_node(self) -> int:
        """Processes a machine."""
        return self.ranks_per_node or max(1, self.ranks // self.node_count)

    def used_within(self, wall_s: float) -> Amounts:
        """What they can use up in so many seconds at most; node hours of nodes that nobody else may use."""
        hours = self.node_count * wall_s / 3600 if self.exclusive else 0.0
        cores, gpus = self.ranks * self.threads, self.ranks * self.gpus
        return Amounts(wall_s=wall_s, cpu_s=wall_s * cores, gpu_s=wall_s * gpus, node_h=hours)

    def to_json(self) -> dict[str, Any]:
        """Plain data; what is as it is by default is left out where it came later than the first four."""
        found: dict[str, Any] = {name: getattr(self, name) for name in _FIRST}
        later = {name: getattr(self, name) for name in ("nodes", "ranks_per_node", "gpus", "exclusive")}
        return found | {name: value for name, value in later.items() if value != getattr(Resources, name)}


_FIRST = ("ranks", "threads", "wall_s", "memory_mb")
_LEAST = {"ranks": 1, "threads": 1, "memory_mb": 1, "nodes": 1, "ranks_per_node": 1, "gpus": 0}


@dataclass(frozen=True)
class Capacity:
    """What a machine can give to one piece of work, at most. None is whatever is asked for.

    A field that a machine does nothing about has its default here: another value of it is refused.

    Attributes:
        nodes: machines.
        ranks: processes.
        threads: processor cores a process.
        memory_mb: MiB, of all processes together.
        gpus: GPUs a process.
        exclusive: whether it can keep others off a node.
        cores: processor cores of all processes together.
        because: why it cannot give more, where it is not the machine itself that cannot.
    """

    nodes: int | None = 1
    ranks: int | None = 1
    threads: int | None = 1
    memory_mb: int | None = Resources.memory_mb
    gpus: int | None = 0
    exclusive: bool = False
    cores: int | None = None
    because: str = ""

    def check(self, who: str, wanted: Resources) -> None:
        """Refuses what cannot be given, before any work starts.

        Raises:
            BackendError: naming the first such field.
        """
        asked = {
            "nodes": wanted.node_count,
            "ranks": wanted.ranks,
            "threads": wanted.threads,
            "memory_mb": wanted.memory_mb,
            "gpus": wanted.gpus,
            "cores (ranks x threads)": wanted.ranks * wanted.threads,
        }
        for name, value in asked.items():
            most = getattr(self, name.partition(" ")[0])
            if most is not None and value > most:
                raise BackendError(
                    f"{who}: expected work that asks for at most {most} {name}, got {value}"
                    f"{self.because and ': '}{self.because}; "
                    "ask for less, or name another backend in the policy"
                )
        if wanted.exclusive and not self.exclusive:
            raise BackendError(
                f"{who}: expected work that shares its node, got exclusive: no other work can be kept off it"
            )
