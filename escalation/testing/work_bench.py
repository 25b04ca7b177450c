"""One backend on the bench, and the work that is put through it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escalation.inputs.settings import Settings
from escalation.model.calibration import DeviceKind
from escalation.model.identity import canonical_json, digest_bytes
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import Backend, DurableBackend
from escalation.ports.registry import BackendDescriptor, resolve
from escalation.testing.contract import expect
from escalation.testing.works import Sample, sample

PATIENCE_S = 120.0
AnyBackend = Backend | DurableBackend


@dataclass
class WorkBench:
    """One backend on the bench: it is made once, and closed at the end."""

    descriptor: BackendDescriptor
    folder: Path
    device: str | None = None
    made: list[AnyBackend] = field(default_factory=list)
    jobs: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home")

    @property
    def backend(self) -> AnyBackend:
        """The backend that the checks share."""
        return self.made[0] if self.made else self.another()

    @property
    def samples(self) -> list[Sample]:
        return [sample(kind) for kind in self.descriptor.accepts]

    @property
    def spends(self) -> bool:
        """Whether submitting would cost something."""
        return self.backend.kind is DeviceKind.HARDWARE

    def another(self) -> AnyBackend:
        """Makes one more instance, as another process would."""
        made = self.open(self.device)
        self.made.append(made)
        return made

    def open(self, device: str | None) -> AnyBackend:
        """Makes the backend with a device, whose end is the caller's."""
        made: AnyBackend = resolve(self.descriptor.backend)(self.settings, device)
        return made

    def submit(self, work: Work) -> dict[str, Any]:
        """Submits to the shared backend; the handle has been through JSON."""
        return self.submit_to(self.backend, work)

    def submit_to(self, backend: AnyBackend, work: Work) -> dict[str, Any]:
        """Submits to any instance, under a tag of its own where work has one."""
        folder = self.new_folder()
        if isinstance(backend, DurableBackend):
            return through_json(backend.submit(work, folder, tag_of(folder)))
        return through_json(backend.submit(work, folder))

    def new_folder(self) -> Path:
        self.jobs += 1
        folder = self.folder / f"job-{self.jobs}"
        folder.mkdir()
        return folder

    def run(self, work: Work) -> RawResult:
        """Runs work to its end."""
        handle = self.submit(work)
        progress = self.backend.wait(handle, PATIENCE_S)
        expect(progress.state.final, f"expected the work to end within {PATIENCE_S} s, it is {progress}")
        return self.backend.result(handle)


def tag_of(folder: Path) -> str:
    """A tag that no other folder's work has."""
    return f"tw-{digest_bytes(str(folder).encode())[:12]}"


def through_json(handle: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the handle as another process would read it; it must not change on the way."""
    copy: dict[str, Any] = json.loads(canonical_json(dict(handle)))
    expect(copy == handle, f"expected a handle of plain JSON data, got {handle}")
    return copy


Check = Callable[[WorkBench], None]
