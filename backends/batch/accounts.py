"""What a job used, by the accounting where there is one, by its guards elsewhere; and its price."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backends.batch.commands import run
from backends.batch.jobfiles import JobFiles
from backends.batch.jobs import Accounted
from backends.batch.site import BatchSite
from backends.batch.system import BatchSystem
from escalation.model.amounts import Amounts, Bounds
from escalation.model.errors import BackendError
from escalation.model.resources import Resources
from escalation.model.result import RawResult

AGAIN_S = 1.0


class Accounts:
    """Asks the accounting; where nothing is accounted for, once."""

    def __init__(self, system: BatchSystem) -> None:
        self._system, self._lock = system, threading.Lock()
        self._none = False
        self._asked_s: dict[str, float] = {}

    def of(self, tag: str, job_id: str | None) -> Accounted | None:
        """What it says of a job that ended, asked for every `AGAIN_S` at most; None where it says nothing."""
        with self._lock:
            command = None if self._none else self._system.account(tag, job_id)
            now_s = time.monotonic()
            if command is None or now_s - self._asked_s.get(tag, -AGAIN_S) < AGAIN_S:
                return None
            self._asked_s[tag] = now_s
            try:
                reply = run(command, self._system.site.command_s)
            except BackendError:  # a site without that command
                self._none = True
                return None
            self._none = self._system.no_accounting(reply)
            return self._system.accounted(reply)

    def kept(self, files: JobFiles, tag: str, job_id: str | None) -> Mapping[str, Any]:
        """What it says of a job that ended, waited for as long as it may be late; the same ever after."""
        kept = files.accounted()
        if kept is not None:
            return kept
        until_s = time.monotonic() + self._system.site.lag_s
        while (found := self.of(tag, job_id)) is None and not self._none and time.monotonic() < until_s:
            time.sleep(AGAIN_S / 4)
        if found is None:
            return files.keep_accounted({})
        usage = found.usage.to_json() if found.usage is not None else None
        return files.keep_accounted({"usage": usage, "energy_j": found.energy_j})


def measured(files: JobFiles, resources: Resources) -> Amounts:
    """What the guards measured of a job that left no result; none where nobody was left to."""
    ended, ranks = files.ended(), files.ranks_ended()
    wall_s = ended["wall_s"] if ended is not None else files.lived_s()
    if wall_s is None:
        return Amounts()
    guards = [*ranks, *([ended] if ended is not None else [])]
    used = resources.used_within(wall_s)
    return used.but(cpu_s=sum(each["cpu_s"] for each in guards)) if guards else used


def used(site: BatchSite, resources: Resources, wall_s: float) -> Amounts:
    """What work uses up in so many seconds; node hours too of nodes that others may use, where they are
    what the site charges."""
    found = resources.used_within(wall_s)
    return found.but(node_h=resources.node_count * wall_s / 3600) if site.node_h_usd else found


def price(site: BatchSite, resources: Resources, wall_s: float) -> float:
    """US dollars for so many seconds of what the work has for itself."""
    cores, nodes = resources.ranks * resources.threads, resources.node_count
    return wall_s / 3600 * (site.node_h_usd * nodes + site.cpu_h_usd * cores)


def price_at_most(site: BatchSite, needs: Bounds) -> float | None:
    """US dollars for what is known by amounts alone: of one job at least, on one node and core at least."""
    wall_s, cpu_s, node_h = needs.wall_s, needs.cpu_s, needs.node_h
    if wall_s is None or cpu_s is None or node_h is None:
        return None
    nodes = max(1.0, node_h * 3600 / wall_s) if wall_s else 1.0
    cores = max(1.0, cpu_s / wall_s) if wall_s else 1.0
    hours = (wall_s + site.start_s) / 3600
    return hours * (site.node_h_usd * nodes + site.cpu_h_usd * cores)


def complete(site: BatchSite, result: RawResult, resources: Resources, kept: Mapping[str, Any]) -> RawResult:
    """A result with what the accounting said of it, and its price."""
    usage = result.usage
    said = Amounts.of(kept["usage"]) if kept.get("usage") else Amounts()
    # the work's own seconds are exact; the site charges for those of its job
    wall_s = usage.wall_s or said.wall_s
    hours = used(site, resources, wall_s)
    usd = price(site, resources, max(wall_s, said.wall_s))
    usage = usage.but(
        wall_s=wall_s, cpu_s=said.cpu_s or usage.cpu_s, node_h=hours.node_h, gpu_s=hours.gpu_s, usd=usd
    )
    energy = {"energy_j": kept["energy_j"]} if kept.get("energy_j") is not None else {}
    return replace(result, usage=usage, provenance={**result.provenance, **energy})
