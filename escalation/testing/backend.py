"""What every backend must do, checked by running it. A backend inherits this by having a descriptor.

`check_backend(descriptor)` runs every check and raises one `ContractBroken` that lists what failed. Nothing
is ever submitted to hardware.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from escalation.inputs.settings import ROOT, OwnSettings, Settings
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BackendError, BadInput
from escalation.model.identity import canonical_json
from escalation.model.job_state import JobState
from escalation.model.metered import CHARGED
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work, kinds
from escalation.ports.machines import Backend, Progress
from escalation.ports.registry import BACKENDS, BackendDescriptor, DeviceSummary, backend_module, resolve
from escalation.testing.works import TWO_NODES, Sample, sample, wishes

PATIENCE_S = 120.0
UNKNOWN = "no-such-device"
HEAVY = ("numpy", "scipy", "sklearn", "pandas", "xgboost", "qiskit", "mpi4py", "mlflow", "prefect")


class ContractBroken(AssertionError):
    """A plugin does not do what every plugin of its sort must do; says what was expected and what came."""


def expect(condition: bool, message: str) -> None:
    """Raises `ContractBroken` with the message unless the condition holds."""
    if not condition:
        raise ContractBroken(message)


@dataclass
class WorkBench:
    """One backend on the bench: it is made once, and closed at the end."""

    descriptor: BackendDescriptor
    folder: Path
    device: str | None = None
    made: list[Backend] = field(default_factory=list)
    jobs: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home")

    @property
    def backend(self) -> Backend:
        """The backend that the checks share."""
        return self.made[0] if self.made else self.another()

    @property
    def samples(self) -> list[Sample]:
        return [sample(kind) for kind in self.descriptor.accepts]

    @property
    def spends(self) -> bool:
        """Whether submitting would cost something."""
        return self.backend.kind is DeviceKind.HARDWARE

    def another(self) -> Backend:
        """Makes one more instance, as another process would."""
        made: Backend = resolve(self.descriptor.backend)(self.settings, self.device)
        self.made.append(made)
        return made

    def submit(self, work: Work) -> dict[str, Any]:
        """Submits to the shared backend; the handle has been through JSON."""
        return through_json(self.backend.submit(work, self.new_folder()))

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


def through_json(handle: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the handle as another process would read it; it must not change on the way."""
    copy: dict[str, Any] = json.loads(canonical_json(dict(handle)))
    expect(copy == handle, f"expected a handle of plain JSON data, got {handle}")
    return copy


def descriptor_is_light_and_right(bench: WorkBench) -> None:
    """The descriptor names known kinds of work, and importing it imports nothing heavy."""
    known = [kind for kind in bench.descriptor.accepts if kind in kinds()]
    expect(bool(known), f"expected accepts to name some of {sorted(kinds())}, got {bench.descriptor.accepts}")
    expect(known == list(bench.descriptor.accepts), f"unknown kinds among {bench.descriptor.accepts}")
    module = backend_module(bench.descriptor.name)
    if module is None:
        raise ContractBroken(f"expected an entry point of the group {BACKENDS} that names it, found none")
    code = f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    expect(done.returncode == 0, f"{module} cannot be imported by itself: {done.stderr.strip()}")
    expect(not done.stdout.strip(), f"expected {module} to import nothing heavy, got {done.stdout.strip()}")


def settings_are_described(bench: WorkBench) -> None:
    """What it reads of the environment is a class of settings: each has a meaning, and none is needed."""
    if not bench.descriptor.settings:
        return
    kind = resolve(bench.descriptor.settings)
    expect(issubclass(kind, OwnSettings), f"expected {kind.__name__} to be a class of OwnSettings")
    for name, info in kind.model_fields.items():
        expect(bool(info.description), f"expected the setting {name!r} to have a description, got none")
        expect(not info.is_required(), f"expected the setting {name!r} to have a default, got none")


def name_and_kind_agree(bench: WorkBench) -> None:
    """The backend's name starts with the descriptor's, and its kind is what the descriptor says."""
    name = bench.backend.name
    expected = bench.descriptor.name
    expect(name == expected or name.startswith(f"{expected}:"), f"expected name {expected!r}, got {name!r}")
    said = bench.descriptor.device_kind(bench.device)
    expect(said is bench.backend.kind, f"the descriptor says {said!r}, the backend {bench.backend.kind!r}")


def unknown_device_is_refused(bench: WorkBench) -> None:
    """A device that does not exist is bad input; a descriptor that cannot know must take it for hardware."""
    with suppress(BadInput):
        kind = bench.descriptor.device_kind(UNKNOWN)
        expect(kind is DeviceKind.HARDWARE, f"expected BadInput or hardware for {UNKNOWN!r}, got {kind!r}")
    try:
        resolve(bench.descriptor.backend)(bench.settings, UNKNOWN)
    except BadInput:
        return
    raise ContractBroken(f"expected BadInput when the backend is made with device {UNKNOWN!r}, got none")


def devices_are_listed(bench: WorkBench) -> None:
    """The devices have names of their own."""
    if not bench.descriptor.devices:
        return
    devices = resolve(bench.descriptor.devices)()
    expect(all(isinstance(each, DeviceSummary) for each in devices), f"expected DeviceSummary, got {devices}")
    names = [each.name for each in devices]
    expect(len(names) == len(set(names)) > 0, f"expected devices with names of their own, got {names}")


def state_of_the_device_can_be_asked(bench: WorkBench) -> None:
    """Calibration, availability and queue have the promised types; a rehearsal has a calibration."""
    calibration, backend = bench.backend.calibration(), bench.backend
    right = calibration is None or isinstance(calibration, Calibration)
    expect(right, f"expected a Calibration or None, got {type(calibration).__name__}")
    if backend.kind is DeviceKind.REHEARSAL:
        expect(calibration is not None, "expected a calibrated rehearsal to have a calibration")
    expect(
        backend.available() in (True, False, None), f"expected a flag or None, got {backend.available()!r}"
    )
    queue_s = backend.queue_s()
    expect(queue_s is None or queue_s >= 0, f"expected a waiting time of 0 s or more, got {queue_s}")


def estimate_bounds_the_work(bench: WorkBench) -> None:
    """A quote is the same twice, bounds the time, and costs nothing off hardware."""
    for each in bench.samples:
        quote = bench.backend.estimate(each.good)
        expect(isinstance(quote, Quote), f"expected a Quote, got {type(quote).__name__}")
        expect(quote == bench.backend.estimate(each.good), "expected the same quote for the same work")
        expect(
            (quote.amounts.wall_s or 0) > 0,
            f"expected a bound on the time above 0 s, got {quote.amounts.wall_s}",
        )
        if not bench.spends:
            expect(
                all(quote.amounts[paid.name] == 0 for paid in CHARGED),
                f"expected no cost off hardware, got {quote}",
            )
        counted, expected = (quote.circuits, quote.shots, quote.qubits), each.counted
        expect(counted == expected, f"expected {expected} circuits, shots, qubits, got {counted}")


def good_work_gives_the_right_result_twice(bench: WorkBench) -> None:
    """The result is right, reading it again changes nothing, running the work again gives the same bits."""
    for each in bench.samples:
        handle = bench.submit(each.good)
        progress = bench.backend.wait(handle, PATIENCE_S)
        result = bench.backend.result(handle)
        expect(
            progress.state is result.state is JobState.DONE, f"expected DONE, got {progress}: {result.error}"
        )
        faults = each.faults(result, bench.backend.kind)
        expect(not faults, "; ".join(faults))
        expect(bench.backend.result(handle) == result, "expected the same result when it is read again")
        expect(bench.run(each.good).digest == result.digest, "expected the same bits when it is run again")
        expect(result.error is None, f"expected no error beside success, got {result.error!r}")


def usage_and_provenance_are_recorded(bench: WorkBench) -> None:
    """A result says what it used and where it ran; off hardware it cost nothing."""
    for each in bench.samples:
        result = bench.run(each.good)
        canonical_json(result.to_json())
        used = result.usage
        expect(used.wall_s > 0 and used.cpu_s >= 0, f"expected elapsed time above 0 s, got {used}")
        expect(bool(result.provenance), "expected provenance: where and how the work ran")
        if not bench.spends:
            expect(not any(used[each.name] for each in CHARGED), f"expected no cost off hardware, got {used}")


def bad_work_fails_with_one_line(bench: WorkBench) -> None:
    """Work that cannot succeed is refused, or ends FAILED with one line that names the cause."""
    for each in bench.samples:
        try:
            result = bench.run(each.bad)
        except BackendError as refused:
            result = RawResult(JobState.FAILED, error=str(refused))
        expect(result.state is JobState.FAILED, f"expected FAILED, got {result.state}")
        line = result.error or ""
        expect(each.error in line, f"expected an error with {each.error!r}, got {line!r}")
        expect("\n" not in line, f"expected one line, got {line!r}")


def foreign_work_is_refused(bench: WorkBench) -> None:
    """Work of a kind that the backend does not accept is refused when it is submitted."""
    for kind in set(kinds()) - set(bench.descriptor.accepts):
        try:
            bench.backend.submit(sample(kind).good, bench.new_folder())
        except BackendError:
            continue
        raise ContractBroken(f"expected BackendError on {kind}, which the backend does not accept; got none")


def what_it_cannot_give_is_refused(bench: WorkBench) -> None:
    """Work that asks for more than any machine has is refused; for a node alone, where nodes are shared."""
    for each in bench.samples:
        wanted = wishes(each.good.resources)
        if "nodes" not in refusal(bench.backend.estimate, each.good.on(TWO_NODES)):
            del wanted["exclusive"]
        for name, resources in wanted.items():
            work = each.good.on(resources)
            for act in (bench.backend.estimate, lambda it: bench.backend.submit(it, bench.new_folder())):
                said = refusal(act, work)
                expect(name in said, f"expected a refusal that names {name}, got {said!r}")
                expect("\n" not in said, f"expected one line, got {said!r}")


def refusal(act: Callable[[Work], Any], work: Work) -> str:
    """What a backend says when it refuses work; empty where it does not."""
    try:
        act(work)
    except BackendError as error:
        return str(error)
    return ""


def several_works_run_side_by_side(bench: WorkBench) -> None:
    """Two jobs submitted together both end right, whichever is waited for first."""
    for each in bench.samples:
        handles = [bench.submit(each.good) for _ in range(2)]
        for handle in reversed(handles):
            bench.backend.wait(handle, PATIENCE_S)
            faults = each.faults(bench.backend.result(handle), bench.backend.kind)
            expect(not faults, "; ".join(faults))


def handle_works_elsewhere(bench: WorkBench) -> None:
    """Another process reads the same result from the handle alone."""
    for each in bench.samples:
        handle = bench.submit(each.good)
        bench.backend.wait(handle, PATIENCE_S)
        digest = bench.backend.result(handle).digest
        arguments = [
            bench.descriptor.backend,
            str(bench.settings.home),
            bench.device or "",
            json.dumps(handle),
        ]
        command = [sys.executable, "-m", "escalation.testing.elsewhere", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=PATIENCE_S
        )
        got = done.stdout.strip()
        expect(got == digest, f"expected another process to read {digest}, got {got!r} {done.stderr.strip()}")


def unfinished_work_has_no_result(bench: WorkBench) -> None:
    """Work under way is not final, has no result, tells its progress, and can be cancelled from elsewhere."""
    for endless in filter(None, (each.endless for each in bench.samples)):
        handle, other = bench.submit(endless(PATIENCE_S)), bench.another()
        _expect_no_result(bench.backend, handle)
        progress = _until_stalled(other, handle)
        expect(progress.message == "stalled", f"expected to see what the work reports, got {progress}")
        other.cancel(handle)
        for each in (bench.backend, other):
            _expect_ended(each, handle, JobState.CANCELLED)


def _expect_no_result(backend: Backend, handle: Mapping[str, Any]) -> None:
    try:
        result = backend.result(handle)
    except BackendError:
        return
    raise ContractBroken(f"expected BackendError for the result of work under way, got {result}")


def _until_stalled(backend: Backend, handle: Mapping[str, Any]) -> Progress:
    """Polls the way a driver does until the endless sample has reported half of its work."""
    progress = Progress(JobState.QUEUED)
    for _ in range(int(PATIENCE_S / 0.1)):
        progress = backend.wait(handle, 0.1)
        expect(not progress.state.final, f"expected work under way, got {progress}")
        if progress.fraction == 0.5:
            break
    return progress


def _expect_ended(backend: Backend, handle: Mapping[str, Any], state: JobState) -> None:
    progress = backend.wait(handle, PATIENCE_S)
    result = backend.result(handle)
    expect(progress.state is result.state is state, f"expected {state}, got {progress} and {result.state}")
    expect(bool(result.error), f"expected one line of error with {state}, got none")


def time_limit_is_kept(bench: WorkBench) -> None:
    """Work that takes longer than it said ends TIMED_OUT, without being asked."""
    for endless in filter(None, (each.endless for each in bench.samples)):
        handle = bench.submit(endless(1.0))
        _expect_ended(bench.backend, handle, JobState.TIMED_OUT)


def cancelling_finished_work_does_nothing(bench: WorkBench) -> None:
    """A result that exists survives a late cancel."""
    for each in bench.samples:
        handle = bench.submit(each.good)
        bench.backend.wait(handle, PATIENCE_S)
        result = bench.backend.result(handle)
        bench.backend.cancel(handle)
        expect(bench.backend.result(handle) == result, "expected a finished result to survive a late cancel")


def closing_ends_what_runs(bench: WorkBench) -> None:
    """A backend can be closed twice; what it ran on this machine is final afterwards."""
    for endless in filter(None, (each.endless for each in bench.samples)):
        mine = bench.another()
        handle = through_json(mine.submit(endless(PATIENCE_S), bench.new_folder()))
        mine.close()
        state = bench.backend.wait(handle, 0).state
        expect(state.final, f"expected closing to end what runs, it is {state}")
        mine.close()


Check = Callable[[WorkBench], None]
FREE: tuple[Check, ...] = (
    descriptor_is_light_and_right,
    settings_are_described,
    name_and_kind_agree,
    unknown_device_is_refused,
    devices_are_listed,
    state_of_the_device_can_be_asked,
    estimate_bounds_the_work,
    foreign_work_is_refused,
    what_it_cannot_give_is_refused,
)
RUNNING: tuple[Check, ...] = (
    good_work_gives_the_right_result_twice,
    usage_and_provenance_are_recorded,
    bad_work_fails_with_one_line,
    several_works_run_side_by_side,
    handle_works_elsewhere,
    unfinished_work_has_no_result,
    time_limit_is_kept,
    cancelling_finished_work_does_nothing,
    closing_ends_what_runs,
)


def check_backend(descriptor: BackendDescriptor, device: str | None = None) -> None:
    """Runs the whole contract on one backend.

    Args:
        descriptor: as the registry has it.
        device: which of its devices; None is its default.

    Raises:
        ContractBroken: naming every check that failed, and why.
    """
    with tempfile.TemporaryDirectory(prefix="tierwise-contract-") as folder:
        bench = WorkBench(descriptor, Path(folder), device)
        try:
            checks = FREE if bench.spends else FREE + RUNNING
            broken = [line for check in checks if (line := _broken(check, bench))]
        finally:
            for made in bench.made:
                made.close()
    if broken:
        raise ContractBroken(f"backend {descriptor.name!r} breaks its contract:\n" + "\n".join(broken))


def _broken(check: Check, bench: WorkBench) -> str | None:
    try:
        check(bench)
    except ContractBroken as broken:
        return f"- {check.__name__}: {broken}"
    except Exception as error:  # a check that cannot be carried out is a failed check
        return f"- {check.__name__}: unexpected {type(error).__name__}: {error}"
    return None
