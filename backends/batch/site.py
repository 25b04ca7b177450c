"""What a site says of its batch system, whichever that is; each machine's settings are read into it."""

from dataclasses import dataclass, replace
from pathlib import Path

from escalation.model.errors import BadInput

_CHOICES = ("account", "qos")


@dataclass(frozen=True)
class BatchSite:
    """How jobs are sent from here.

    Attributes:
        account: that is charged; None is the user's default.
        qos: the quality of service; None is the default.
        lines: further directives of the batch script, each without its `#SBATCH` or the like.
        prologue: shell lines that the job runs before the work.
        launcher: the command that starts ranks inside a job.
        scratch: a folder on a file system that login and compute nodes share; None: the home is on one.
        python: the interpreter on the nodes.
        poll_s: seconds between two questions for the list of jobs.
        command_s: seconds that a command may take.
        settle_s: seconds for which nobody may know of a job before it counts as lost.
        lag_s: seconds that the shared file system may take to show what a node wrote.
        start_s: seconds that a job may take from its start to the work's.
        node_h_usd: price of a node for an hour.
        cpu_h_usd: price of a core for an hour.
    """

    account: str | None
    qos: str | None
    lines: tuple[str, ...]
    prologue: tuple[str, ...]
    launcher: str
    scratch: Path | None
    python: str
    poll_s: float
    command_s: float
    settle_s: float
    lag_s: float
    start_s: float
    node_h_usd: float
    cpu_h_usd: float

    def chosen(self, device: str | None) -> "tuple[BatchSite, str | None]":
        """The site as a policy has it for a device, and the device's partition.

        A device is `PARTITION`, `PARTITION+account=NAME+qos=NAME`, or the same without a partition.

        Raises:
            BadInput: on anything else.
        """
        place, *choices = (device or "").split("+")
        made = self
        for choice in choices:
            name, _, value = choice.partition("=")
            if name not in _CHOICES or not value:
                raise BadInput(
                    f"expected PARTITION+account=NAME+qos=NAME, each part optional, got {device!r}"
                )
            made = replace(made, account=value) if name == "account" else replace(made, qos=value)
        return made, place or None
