"""Partitions of Slurm as devices."""

from backends.batch.commands import run
from backends.batch.fits import offer
from backends.batch.jobs import Partition
from backends.slurm.site import site_of
from backends.slurm.slurm import Slurm
from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BackendError, BadInput
from escalation.ports.registry import DeviceSummary


def partitions() -> tuple[Partition, ...]:
    """Every partition; none where Slurm is not here, or does not answer."""
    slurm = Slurm(site_of(Settings()))
    try:
        reply = run(slurm.list_partitions(), slurm.site.command_s)
    except BackendError:
        return ()
    return slurm.partitions(reply.out) if reply.ok else ()


def devices() -> tuple[DeviceSummary, ...]:
    """A line a partition."""
    return tuple(DeviceSummary(each.name, DeviceKind.CLASSICAL, note=_note(each)) for each in partitions())


def _note(partition: Partition) -> str:
    limit = "no time limit" if partition.limit_s is None else f"{partition.limit_s / 3600:g} h at most"
    usable, total = (sum(getattr(each, name) for each in partition.nodes) for name in ("usable", "count"))
    up = "up" if partition.up else "down"
    return f"{offer(partition)}; {limit}; {up}, {usable} of {total} nodes usable"


def kind_of(device: str | None) -> DeviceKind:
    """Processors; raises `BadInput` on a partition that Slurm does not list, where it lists any."""
    known = [each.name for each in partitions()] if device is not None else []
    if known and device not in known:
        raise BadInput(f"expected one of Slurm's partitions {', '.join(known)}, got {device!r}")
    return DeviceKind.CLASSICAL
