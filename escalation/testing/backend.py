"""What every backend must do, checked by running it. A backend inherits this by having a descriptor.

`check_backend(descriptor)` runs every check and raises one `ContractBroken` that lists what failed. Nothing
is ever submitted to hardware.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

from escalation.inputs.settings import ROOT, OwnSettings
from escalation.model.calibration import Calibration, DeviceKind
from escalation.model.errors import BackendError, BadInput
from escalation.model.metered import CHARGED
from escalation.model.quote import Quote
from escalation.model.work import Work, kinds
from escalation.ports.machines import DurableBackend
from escalation.ports.registry import BACKENDS, BackendDescriptor, DeviceSummary, backend_module, resolve
from escalation.testing.backend_durable import DURABLE
from escalation.testing.backend_jobs import RUNNING
from escalation.testing.contract import ContractBroken, expect
from escalation.testing.work_bench import Check, WorkBench
from escalation.testing.works import TWO_NODES, sample, wishes

UNKNOWN = "no-such-device"
HEAVY = ("numpy", "scipy", "sklearn", "pandas", "xgboost", "qiskit", "mpi4py", "mlflow", "prefect")


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


def what_it_simulates_is_a_size(bench: WorkBench) -> None:
    """The amplitudes that it says it holds are a number, the same twice, and as many as its samples take."""
    if not bench.descriptor.simulates:
        return
    told = [resolve(bench.descriptor.simulates)(bench.settings) for _ in range(2)]
    expect(told[0] == told[1], f"expected the same size twice, got {told}")
    expect(isinstance(told[0], float) and isfinite(told[0]), f"expected a finite number, got {told[0]!r}")
    widest = max((each.counted[2] for each in bench.samples), default=0)
    expect(told[0] >= widest, f"expected it to hold 2^{widest} amplitudes at least, got 2^{told[0]}")


def name_and_kind_agree(bench: WorkBench) -> None:
    """The backend's name starts with the descriptor's, and its kind is what the descriptor says."""
    name = bench.backend.name
    expected = bench.descriptor.name
    expect(name == expected or name.startswith(f"{expected}:"), f"expected name {expected!r}, got {name!r}")
    said = bench.descriptor.device_kind(bench.device)
    expect(said is bench.backend.kind, f"the descriptor says {said!r}, the backend {bench.backend.kind!r}")


def durable_is_said(bench: WorkBench) -> None:
    """The descriptor says of a backend whose work outlives its submitter that it is one."""
    durable = isinstance(bench.backend, DurableBackend)
    expect(durable is bench.descriptor.durable, f"expected the descriptor to say durable={durable}")


def unknown_device_is_refused(bench: WorkBench) -> None:
    """A device that does not exist is bad input; a descriptor that cannot know must take it for hardware."""
    with suppress(BadInput):
        kind = bench.descriptor.device_kind(UNKNOWN)
        expect(kind is DeviceKind.HARDWARE, f"expected BadInput or hardware for {UNKNOWN!r}, got {kind!r}")
    try:
        bench.open(UNKNOWN)
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


def foreign_work_is_refused(bench: WorkBench) -> None:
    """Work of a kind that the backend does not accept is refused when it is submitted."""
    for kind in set(kinds()) - set(bench.descriptor.accepts):
        try:
            bench.submit(sample(kind).good)
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
            for act in (bench.backend.estimate, bench.submit):
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


FREE: tuple[Check, ...] = (
    descriptor_is_light_and_right,
    settings_are_described,
    what_it_simulates_is_a_size,
    name_and_kind_agree,
    durable_is_said,
    unknown_device_is_refused,
    devices_are_listed,
    state_of_the_device_can_be_asked,
    estimate_bounds_the_work,
    foreign_work_is_refused,
    what_it_cannot_give_is_refused,
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
            durable = DURABLE if descriptor.durable else ()
            checks = FREE if bench.spends else FREE + RUNNING + durable
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
