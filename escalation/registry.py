"""Families and backends are found by their descriptors; nothing heavy is imported to know they exist."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from escalation.calibration import DeviceKind
from escalation.errors import BadInput
from escalation.problem import Target


@dataclass(frozen=True)
class FamilyDescriptor:
    """`problems/NAME/descriptor.py` holds one of these as DESCRIPTOR.

    Attributes:
        name: as problem files spell it.
        family: `module:Class` of the `escalation.protocols.Family`, constructed without arguments.
        summary: one line.
        sample: an instance that the contract suite loads, quick to solve.
        sample_target: a target for it.
        proves: whether its certificates are proofs, so that the target's confidence plays no part.
    """

    name: str
    family: str
    summary: str
    sample: Mapping[str, Any]
    sample_target: Mapping[str, Any]
    proves: bool = False


@dataclass(frozen=True)
class BackendDescriptor:
    """`backends/NAME/descriptor.py` holds one of these as DESCRIPTOR.

    Attributes:
        name: as policy files spell it, before the colon.
        backend: `module:Class` of the `escalation.protocols.Backend`.
        accepts: the kinds of work it runs.
        summary: one line.
        devices: `module:function` that returns the devices as a tuple of `DeviceSummary`, or "" where
            the backend itself is the only device.
        kind_of: `module:function` from a device name (or None) to its `DeviceKind`, cheap to call;
            "" where every device is `kind`. It raises `BadInput` on an unknown device.
        kind: what its devices are, where they are all alike.
    """

    name: str
    backend: str
    accepts: tuple[str, ...]
    summary: str
    devices: str = ""
    kind_of: str = ""
    kind: DeviceKind = DeviceKind.CLASSICAL

    def device_kind(self, device: str | None) -> DeviceKind:
        """What the named device is; raises `BadInput` on an unknown one."""
        if not self.kind_of:
            if device is not None:
                raise BadInput(f"backend {self.name!r} has no devices to choose from, got {device!r}")
            return self.kind
        kind: DeviceKind = resolve(self.kind_of)(device)
        return kind


@dataclass(frozen=True)
class DeviceSummary:
    """A line of `tierwise devices`; None is 'not reported'.

    Errors are medians over the device's enabled qubits and gates.
    """

    name: str
    kind: DeviceKind
    qubits: int | None = None
    processor: str = ""
    calibrated_at: str | None = None
    two_qubit_error: float | None = None
    readout_error: float | None = None
    t1_us: float | None = None
    layer_fidelity: float | None = None
    note: str = ""


def resolve(path: str) -> Any:
    """Imports `module:name` and returns what it names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _descriptors(package: str) -> dict[str, Any]:
    root = importlib.import_module(package)
    found = {}
    for info in pkgutil.iter_modules(root.__path__):
        if info.ispkg:
            descriptor = importlib.import_module(f"{package}.{info.name}.descriptor").DESCRIPTOR
            found[descriptor.name] = descriptor
    return found


@cache
def families() -> Mapping[str, FamilyDescriptor]:
    """The known families by name."""
    return _descriptors("problems")


@cache
def backends() -> Mapping[str, BackendDescriptor]:
    """The known backends by name."""
    return _descriptors("backends")


def family(name: str) -> Any:
    """Returns the named family; raises `BadInput` on an unknown name."""
    return resolve(_known(families(), name, "family").family)()


def target_in_words(family_name: str, target: Target) -> str:
    """The target in words, with its confidence where that plays a part."""
    side = "at least" if target.at_least is not None else "at most"
    sure = "" if families()[family_name].proves else f" with confidence {target.confidence:g}"
    return f"{target.metric} {side} {target.limit:g}{sure}"


def backend_descriptor(spec: str) -> tuple[BackendDescriptor, str | None]:
    """Splits `backend[:device]` into descriptor and device; raises `BadInput` on an unknown one."""
    name, _, device = spec.partition(":")
    descriptor: BackendDescriptor = _known(backends(), name, "backend")
    return descriptor, device or None


def _known(found: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in found:
        raise BadInput(f"unknown {what} {name!r}: expected one of {', '.join(sorted(found))}")
    return found[name]
