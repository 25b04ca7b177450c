"""Partitions or queues of a batch system as devices."""

from contextlib import suppress

from backends.batch.fits import Partitions, offer
from backends.batch.jobs import Partition
from backends.batch.silence import ask
from backends.batch.system import BatchSystem
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BackendError, BadInput
from escalation.ports.registry import DeviceSummary
from escalation.text.rounding import rounded


def summaries(system: BatchSystem) -> tuple[DeviceSummary, ...]:
    """A line each; one that says so where the batch system is here and does not answer."""
    try:
        reply = ask(system.list_partitions(), system.site.command_s)
    except BackendError:
        return ()
    if not reply.ok:
        trouble = f"the batch system does not answer: {reply.brief}"
        return (DeviceSummary(system.name, DeviceKind.CLASSICAL, trouble=trouble),)
    return tuple(
        DeviceSummary(each.name, DeviceKind.CLASSICAL, note=_note(each))
        for each in system.partitions(reply.out)
    )


def _note(partition: Partition) -> str:
    limit = "no time limit" if partition.limit_s is None else f"{_time(partition.limit_s)} at most"
    usable, total = (sum(getattr(each, name) for each in partition.nodes) for name in ("usable", "count"))
    up = "up" if partition.up else "down"
    return f"{offer(partition)}; {limit}; {up}, {usable} of {total} nodes usable"


def _time(limit_s: float) -> str:
    """A partition's limit, which sites state in whole minutes."""
    return f"{rounded(limit_s / 60)} min" if limit_s < 3600 else f"{rounded(limit_s / 3600)} h"


def kind(system: BatchSystem, device: str | None, whose: str) -> DeviceKind:
    """Processors; raises `BadInput` on one that is not listed, where any is.

    Args:
        system: the batch system.
        device: None is its default.
        whose: `Slurm's partitions`, for people.
    """
    known: list[str] = []
    if device is not None:
        with suppress(BackendError):  # not here, or no answer
            known = [each.name for each in Partitions(system).all()]
    if known and device not in known:
        raise BadInput(f"expected one of {whose} {', '.join(known)}, got {device!r}")
    return DeviceKind.CLASSICAL
