"""Reads queues and nodes: pbs_queue_attributes(7B), pbs_node_attributes(7B), pbs_server_attributes(7B)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from backends.batch.jobs import NodeKind, Partition
from backends.pbs.values import documents, mebibytes, seconds, section, whole

_USELESS = (
    "down",
    "offline",
    "unknown",
    "stale",
    "provisioning",
    "wait-provisioning",
    "sleep",
    "maintenance",
)
Named = Mapping[str, Mapping[str, Any]]


def read(out: str) -> tuple[Partition, ...]:
    """The execution queues in what `qstat -B`, `qstat -Q` and `pbsnodes` print, with their nodes."""
    servers: dict[str, dict[str, Any]] = {}
    queues: dict[str, dict[str, Any]] = {}
    nodes: dict[str, dict[str, Any]] = {}
    for document in documents(out):
        servers |= section(document, "Server")
        queues |= section(document, "Queue")
        nodes |= section(document, "nodes")
    default = {str(each.get("default_queue")) for each in servers.values()}
    usual = [name for name, queue in queues.items() if queue.get("queue_type", "Execution") == "Execution"]
    return tuple(_partition(name, queues[name], _own(name, nodes), name in default) for name in usual)


def _own(queue: str, nodes: Named) -> Named:
    """Its own nodes where it has some, else those that are no other queue's."""
    mine = {name: node for name, node in nodes.items() if node.get("queue") == queue}
    return mine or {name: node for name, node in nodes.items() if not node.get("queue")}


def _partition(name: str, queue: Mapping[str, Any], nodes: Named, default: bool) -> Partition:
    most, up = queue.get("resources_max", {}), (queue.get("enabled"), queue.get("started"))
    counts = Counter(_node(node) for node in nodes.values())
    kinds = tuple(
        NodeKind(count, cores, memory, gpus, count * usable, count * idle)
        for (cores, memory, gpus, usable, idle), count in counts.items()
    )
    limit_s = seconds(most["walltime"]) if "walltime" in most else None
    return Partition(name, all(str(each) == "True" for each in up), kinds, limit_s, default)


def _node(node: Mapping[str, Any]) -> tuple[int, int | None, int, bool, bool]:
    """Cores, MiB, GPUs of a node, whether it can be used, and whether nobody does."""
    has, words = node.get("resources_available", {}), str(node.get("state", "")).split(",")
    usable = not any(word.strip() in _USELESS for word in words)
    idle = usable and "free" in words and not whole(node.get("resources_assigned", {}).get("ncpus"))
    return whole(has.get("ncpus")), mebibytes(has.get("mem")), whole(has.get("ngpus")), usable, idle
