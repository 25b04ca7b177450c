"""What a cluster on one machine is told; slurm.conf(5) says what each line means."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """What a test may ask of its cluster.

    Attributes:
        nodes: how many.
        cpus: a node; as many as are said, whatever the machine has.
        memory_mb: a node.
        gpus: a node, up to four; they are counted, and are none.
        forget_s: how long the controller remembers a job that has ended.
        node_patience_s: after which a silent node is down.
        answer_s: how long a command waits for the controller.
        extra: further lines of slurm.conf.
    """

    nodes: int = 2
    cpus: int = 2
    memory_mb: int = 4000
    gpus: int = 1
    forget_s: int = 300
    node_patience_s: int = 4
    answer_s: int = 3
    extra: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the nodes: n1, n2, …"""
        return tuple(f"n{number}" for number in range(1, self.nodes + 1))


_CONF = """\
ClusterName=tierwise
FirstJobId={first}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={home}/munge.sock
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/spool-%n
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
MpiDefault=pmi2
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge={forget_s}
KillWait=2
OverTimeLimit=0
InactiveLimit=0
SlurmdTimeout={node_patience_s}
SlurmctldTimeout={answer_s}
MessageTimeout={answer_s}
WaitTime=2
JobRequeue=1
PropagateResourceLimits=NONE
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
{extra}
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefMemPerCPU=500 PreemptMode=OFF
PartitionName=short Nodes=ALL MaxTime=1 DefMemPerCPU=500 PreemptMode=OFF
PartitionName=spare Nodes=ALL DefMemPerCPU=500 PriorityTier=1 PreemptMode=CANCEL
PartitionName=requeued Nodes=ALL DefMemPerCPU=500 PriorityTier=1 PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL DefMemPerCPU=500 PriorityTier=9 PreemptMode=OFF
"""
"""Jobs in `spare` are cancelled, and those in `requeued` started again, for what is in `urgent`."""


_GPUS = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random")
"""Slurm wants a device for each."""


def write(layout: Layout, home: Path, ports: list[int]) -> Path:
    """Writes the cluster's files into its folder; the first port is the controller's. Returns slurm.conf."""
    host = socket.gethostname().partition(".")[0]
    nodes = [
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={layout.cpus} "
        f"RealMemory={layout.memory_mb} Gres=gpu:{layout.gpus} State=UNKNOWN"
        for name, port in zip(layout.names, ports[1:], strict=True)
    ]
    for name in ("state", *(f"spool-{name}" for name in layout.names)):
        (home / name).mkdir(exist_ok=True)
    asked = {name: getattr(layout, name) for name in ("forget_s", "node_patience_s", "answer_s", "extra")}
    # MPICH names shared memory by job and step, and killed ranks leave it: no other cluster's ids here
    first = 1 + secrets.randbelow(50_000_000)
    text = _CONF.format(
        first=first, home=home, host=host, controller=ports[0], nodes="\n".join(nodes), **asked
    )
    (home / "gres.conf").write_text("".join(f"Name=gpu File={path}\n" for path in _GPUS[: layout.gpus]))
    (home / "slurm.conf").write_text(text)
    return home / "slurm.conf"
