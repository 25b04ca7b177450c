"""The simulator over ranks as a backend: a batch becomes one MPI program of another backend."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from backends.circuits.backend import SimulatedBackend
from backends.circuits.jobs import write_json
from backends.statevector_mpi import devices
from backends.statevector_mpi.settings import StatevectorSettings
from escalation.inputs.settings import Settings
from escalation.model.amounts import Bounds
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BackendError
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.expectation_batch import ExpectationBatch
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.quote import Quote
from escalation.model.resources import Capacity
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.machines import DurableBackend, PricedMachine, Progress, charges
from escalation.text.wording import counted

ABOUT = "circuits.json"
"""What the record says of a batch beside what its ranks say; in the job's folder."""
PLAN = "backends.statevector_mpi.planning:plan"
KINDS = (CircuitBatch.kind, ExpectationBatch.kind)


class Planner(SimulatedBackend):
    """Has circuits read by the warm workers, which know Qiskit; where they run has limits of its own."""

    runs: ClassVar[Mapping[str, str]] = dict.fromkeys(KINDS, PLAN)
    quote: ClassVar[str] = PLAN
    kind = DeviceKind.IDEAL_SIMULATOR
    capacity = Capacity(None, None, None, None, None, exclusive=True)


class _Statevector:
    """All but how work is submitted, which is as with the machine under it."""

    kind = DeviceKind.IDEAL_SIMULATOR

    def __init__(self, settings: Settings, device: str | None, inner: Any, on_gpu: bool = False) -> None:
        self._program_name = devices.GPU_PROGRAM if on_gpu else devices.PROGRAM
        self.name = f"statevector_mpi:{device}" if device else "statevector_mpi"
        self._inner = inner
        own = settings.of(StatevectorSettings)
        context = {
            "device": self.name,
            "ranks": devices.ranks(own),
            "memory_mb": own.statevector_memory_mb,
        }
        self._no_gpu: BackendError | None = None
        if on_gpu:
            try:
                context |= devices.gpu(inner, settings)
            except BackendError as error:
                self._no_gpu = error
        self._planner = Planner(settings, self.name, context)

    def estimate(self, work: Work) -> Quote:
        """Bounds the work without running it.

        Raises:
            BackendError: when the circuits cannot run here, or the machine under it has not what they need.
        """
        usd = self._bounded(self._program(work), work).amounts.usd
        quote = Quote.model_validate(self._planner.quoted(work).values["quote"])
        return quote.model_copy(update={"amounts": quote.amounts.but(usd=usd)})

    @property
    def charges(self) -> bool:
        """Whether the machine under it does."""
        return charges(self._inner)

    def price_usd(self, needs: Bounds) -> float | None:
        """What the machine under it asks for so much."""
        return self._inner.price_usd(needs) if isinstance(self._inner, PricedMachine) else 0.0

    def _program(self, work: Work) -> MpiProgram:
        """The program that runs a batch.

        Raises:
            BackendError: as `estimate`.
        """
        if work.kind not in KINDS:
            raise BackendError(f"{self.name} runs {' and '.join(KINDS)} only, got {work.kind}")
        if self._no_gpu is not None:
            raise BackendError(f"{self.name}: {self._no_gpu}")
        self._inner.estimate(MpiProgram(self._program_name, resources=work.resources))
        planned = self._planner.quoted(work)
        resources = replace(work.resources, **planned.values["resources"])
        return MpiProgram(self._program_name, {"pubs": planned.values["pubs"]}, planned.files, resources)

    def _bounded(self, program: MpiProgram, work: Work) -> Quote:
        """What the machine under it says of the program; what it refuses is told with what the circuits take.

        Raises:
            BackendError: where that is more than it has.
        """
        try:
            quote: Quote = self._inner.estimate(program)
        except BackendError as error:
            needed, qubits = program.resources, self._planner.quoted(work).values["quote"]["qubits"]
            raise BackendError(
                f"{self.name}: {qubits} qubits take {needed.memory_mb} MiB on "
                f"{counted(needed.ranks, 'rank', 'ranks')}: {error}",
                retry=error.retry,
            ) from None
        return quote

    def _prepared(self, work: Work, folder: Path) -> MpiProgram:
        """The program, and in the folder what is said of it later."""
        program = self._program(work)
        self._bounded(program, work)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / ABOUT, self._planner.quoted(work).values["about"])
        return program

    def calibration(self) -> Calibration | None:
        """Returns None: nothing is calibrated."""
        return None

    def available(self) -> bool | None:
        """Whether ranks can be started, and where a GPU is meant, there is one."""
        if self._no_gpu is not None:
            return False
        found: bool | None = self._inner.available()
        return found

    def queue_s(self) -> float | None:
        """Seconds that ranks would wait."""
        found: float | None = self._inner.queue_s()
        return found

    def wait(self, handle: Mapping[str, Any], timeout_s: float) -> Progress:
        """Waits for the ranks."""
        progress: Progress = self._inner.wait(handle, timeout_s)
        return progress

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        """What the ranks returned, and what was planned for them in its provenance."""
        found: RawResult = self._inner.result(handle)
        path = Path(handle["folder"]) / ABOUT
        about = json.loads(path.read_text()) if path.exists() else {}
        versions = {**found.provenance.get("versions", {}), **about.get("versions", {})}
        return replace(found, provenance={**found.provenance, **about, "versions": versions})

    def cancel(self, handle: Mapping[str, Any]) -> None:
        """Stops the ranks."""
        self._inner.cancel(handle)

    def close(self) -> None:
        """Lets go of the workers and of the machine under it."""
        self._planner.close()
        self._inner.close()


class StatevectorBackend(_Statevector):
    """Over the ranks of a backend whose work ends with this process."""

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        """Starts the ranks; the handle is that of the machine under it."""
        handle: dict[str, Any] = self._inner.submit(self._prepared(work, folder), folder)
        return handle


class DurableStatevectorBackend(_Statevector):
    """Over the ranks of a backend whose work outlives this process, as a batch system's does."""

    @property
    def scratch(self) -> Path | None:
        """The folder that the machine under it shares."""
        folder: Path | None = self._inner.scratch
        return folder

    def submit(self, work: Work, folder: Path, tag: str) -> dict[str, Any]:
        """Sends the ranks, unless work of that tag is known."""
        handle: dict[str, Any] = self._inner.submit(self._prepared(work, folder), folder, tag)
        return handle

    def find(self, tag: str) -> dict[str, Any] | None:
        """Looks for work by its tag."""
        handle: dict[str, Any] | None = self._inner.find(tag)
        return handle


def open_backend(
    settings: Settings, device: str | None = None
) -> StatevectorBackend | DurableStatevectorBackend:
    """Opens the machine that runs the ranks; raises `BadInput` where there is none of that name."""
    descriptor, of_it, on_gpu = devices.machine(device)
    inner = descriptor.open(settings, of_it)
    made = DurableStatevectorBackend if isinstance(inner, DurableBackend) else StatevectorBackend
    return made(settings, device, inner, on_gpu)
