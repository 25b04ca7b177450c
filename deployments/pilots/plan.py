"""What a pilot is told: files in a folder of its own, which login and compute nodes share."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backends.processes.jobfolder import read_json, write_atomically
from escalation.inputs.surroundings import private_files
from escalation.ports.configuration import without_secrets

MARGIN_S = 60.0
"""Seconds before its time limit at which a pilot has its runs end, so that their cases can be taken up."""
SERVICES = ("PREFECT_", "TIERWISE_", "AWS_", "AZURE_", "GOOGLE_", "GCS_", "PG")
"""Beginnings of the variables by which runs speak to the server, ledger, store and machines."""


@dataclass(frozen=True)
class PilotPlan:
    """What a pilot does.

    Attributes:
        tag: its name, in the batch system and on Prefect's pages.
        pool: work pool that it takes runs of.
        queues: work queues of the pool; none is all.
        limit: runs at a time.
        wall_s: seconds of its allocation.
        idle_s: seconds without a run after which it ends.
        under: the batch system's backend.
    """

    tag: str
    pool: str
    queues: tuple[str, ...]
    limit: int
    wall_s: float
    idle_s: float
    under: str

    @property
    def margin_s(self) -> float:
        """Seconds before its end at which its runs are told to end; a fifth of a short allocation."""
        return min(MARGIN_S, self.wall_s / 5)


class PilotFolder:
    """Reads and writes a pilot's files. The folder is its user's alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log.txt"
        self.script = path / "job.sh"
        self._stop = path / "stop"
        self._secrets = path / "secrets.json"

    def create(self, plan: PilotPlan, environ: Mapping[str, str]) -> None:
        """Makes the folder; what nobody else may know is in a file of mode 0600, and nowhere else."""
        with private_files():
            self.path.mkdir(parents=True, mode=0o700)
            write_atomically(self.path / "plan.json", json.dumps(asdict(plan)).encode())
            plain = without_secrets(environ)
            hidden = {name: value for name, value in environ.items() if name not in plain}
            needed = {name: value for name, value in hidden.items() if name.startswith(SERVICES)}
            write_atomically(self._secrets, json.dumps(needed).encode())

    def plan(self) -> PilotPlan:
        """What the pilot is to do."""
        read = json.loads((self.path / "plan.json").read_text(encoding="utf-8"))
        return PilotPlan(**read | {"queues": tuple(read["queues"])})

    def secrets(self) -> dict[str, str]:
        """The variables that stand in no script."""
        return dict(read_json(self._secrets) or {})

    def ask_to_stop(self) -> None:
        """Has the pilot end: its runs first."""
        self._stop.touch()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to."""
        return self._stop.exists()

    def note(self, **said: Any) -> None:
        """Keeps how the pilot does."""
        write_atomically(self.path / "state.json", json.dumps(said).encode())

    def noted(self) -> dict[str, Any]:
        """How it does: `runs` so far, `under_way`, and `ended`, why; empty before it began."""
        return dict(read_json(self.path / "state.json") or {})

    def over(self) -> None:
        """Nobody needs the secrets any more."""
        self._secrets.unlink(missing_ok=True)
