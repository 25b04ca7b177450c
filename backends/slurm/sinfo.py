"""Reads sinfo's list: a line for so many nodes alike of a partition in one state."""

import re

from backends.batch.jobs import NodeKind, Partition
from backends.slurm.accounting import seconds

FORMAT = "%P|%a|%l|%D|%c|%m|%T|%G"
"""Partition (the default with a star), if it is up, its limit; nodes, their cores, memory, state, GPUs."""

_USELESS = (
    *("down", "drain", "fail", "maint", "unknown", "power", "reboot", "future", "inval", "perfctrs"),
    "block",
)
_GPUS = re.compile(r"gpu(?::[^:,()]+)?:(\d+)")


def read(out: str) -> tuple[Partition, ...]:
    """The partitions in what `sinfo` prints, in its order."""
    found: dict[str, Partition] = {}
    for line in out.splitlines():
        fields = line.split("|", 7)
        if len(fields) == 8:
            name, up, limit, *nodes = fields
            plain = name.rstrip("*")
            kinds = found[plain].nodes if plain in found else ()
            found[plain] = Partition(
                plain, up == "up", (*kinds, _kind(*nodes)), seconds(limit), name.endswith("*")
            )
    return tuple(found.values())


def _kind(count: str, cores: str, memory: str, state: str, gres: str) -> NodeKind:
    useless = any(word in state.lower() for word in _USELESS) or state.endswith("*")
    usable, memory_mb = 0 if useless else _least(count), _least(memory)
    return NodeKind(
        count=_least(count),
        cores=_least(cores),
        memory_mb=memory_mb if memory_mb > 1 else None,  # 1 is what Slurm takes where a site says nothing
        gpus=sum(int(number) for number in _GPUS.findall(gres)),
        usable=usable,
        idle=usable if state.lower().startswith("idle") else 0,
    )


def _least(text: str) -> int:
    """`64+` is 64 at least."""
    return int(re.sub(r"\D.*", "", text) or 0)
