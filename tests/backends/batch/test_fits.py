"""What a partition has, in words."""

from backends.batch.fits import offer
from backends.batch.jobs import NodeKind, Partition


def test_nodes_alike_are_said_once_and_one_is_singular() -> None:
    alike = NodeKind(count=1, cores=2, memory_mb=4000, usable=1, idle=1)
    other = NodeKind(count=1, cores=1, memory_mb=None, gpus=1, usable=1, idle=0)
    nodes = (alike, NodeKind(count=1, cores=2, memory_mb=4000, usable=1, idle=0), other)
    partition = Partition(name="main", nodes=nodes, limit_s=None, default=True, up=True)
    assert offer(partition) == "2 nodes of 2 cores, 4000 MiB; 1 node of 1 core, 1 GPU"
