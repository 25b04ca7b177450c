"""`tierwise pilot`: workers in allocations of a batch system: sent, listed, told to end."""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from cli.terminal import plain, show_table, terminal
from deployments.pilots import fleet
from deployments.pilots.plan import PilotPlan
from escalation.model.errors import BadInput
from escalation.model.resources import Resources

_TIME = re.compile(
    r"(?:(?P<d>\d+)-)?(?P<h>\d+):(?P<m>\d{1,2})(?::(?P<s>\d{1,2}))?|(?P<minutes>\d+(?:\.\d+)?)"
)
HEADER = ("pilot", "pool", "runs", "under way", "job", "nodes", "state")


@dataclass(frozen=True)
class PilotOptions:
    """What the command line says; see `tierwise pilot --help`."""

    under: str
    count: int
    limit: str
    cores: int
    memory_mb: int | None
    runs: int | None
    pool: str
    queues: tuple[str, ...]
    idle_s: float

    def resources(self) -> Resources:
        """Of each pilot; raises `BadInput` on what is none."""
        wall_s = seconds(self.limit)
        memory_mb = self.cores * Resources.memory_mb if self.memory_mb is None else self.memory_mb
        for name, value in (("--cores", self.cores), ("--memory", memory_mb)):
            if value < 1:
                raise BadInput(f"expected {name} of at least 1, got {value}")
        return Resources(threads=self.cores, wall_s=wall_s, memory_mb=memory_mb)

    def plan(self) -> PilotPlan:
        """What each pilot does; raises `BadInput` on what none can do."""
        limit = self.cores if self.runs is None else self.runs
        if limit < 1:
            raise BadInput(f"expected --runs of at least 1, got {limit}")
        if not 1 <= self.idle_s < inf:
            raise BadInput(f"expected --idle of at least 1 second, got {self.idle_s:g}")
        wall_s = self.resources().wall_s
        return PilotPlan("", self.pool, self.queues, limit, wall_s, self.idle_s, self.under)


def seconds(given: str) -> float:
    """Minutes, or H:MM[:SS], with days before: D-HH:MM:SS. Raises `BadInput` on anything else."""
    found = _TIME.fullmatch(given.strip())
    if found is None:
        raise BadInput(f"expected --time as minutes, H:MM:SS or D-HH:MM:SS, got {given!r}")
    if found["minutes"]:
        return float(found["minutes"]) * 60
    days, hours, minutes, rest = (int(found[name] or 0) for name in "dhms")
    return ((days * 24 + hours) * 60 + minutes) * 60.0 + rest


def send_pilots(asked: PilotOptions) -> None:
    """Submits them; says which."""
    console = terminal()
    for line in fleet.send(asked.plan(), asked.resources(), asked.count):
        console.print(plain(line), soft_wrap=True)


def list_pilots(asked: PilotOptions, tags: Sequence[str], *, alone: bool, as_lines: bool) -> None:
    """Prints those that this home sent under a batch system."""
    _alone(alone and not tags)
    rows = [_row(each) for each in fleet.pilots(asked.under)]
    if as_lines:
        for row in rows:
            sys.stdout.write(json.dumps(dict(zip(HEADER, row, strict=True))) + "\n")
        return
    console = terminal()
    if rows:
        show_table(console, HEADER, [[str(cell) for cell in row] for row in rows])
    else:
        console.print(f"no pilot was sent under {plain(asked.under)}")


def _row(pilot: fleet.Pilot) -> tuple[str | int, ...]:
    noted, job = pilot.folder.noted(), pilot.job
    counts = (int(noted.get("runs", 0)), int(noted.get("under_way", 0)))
    where = (job.job_id, job.nodes) if job else ("", "")
    return (pilot.plan.tag, pilot.plan.pool, *counts, *where, pilot.state)


def stop_pilots(asked: PilotOptions, tags: Sequence[str], *, alone: bool, as_lines: bool) -> None:
    """Has them end; says how each did."""
    _alone(alone and not as_lines)
    console = terminal()
    for line in fleet.stop(asked.under, tags):
        console.print(plain(line), soft_wrap=True)


def _alone(alone: bool) -> None:
    if not alone:
        raise BadInput("expected --list alone (with --json), or --stop with the pilots to stop, or neither")
