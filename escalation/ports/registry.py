"""Families and backends are found by their descriptors; nothing heavy is imported to know they exist."""

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput
from escalation.model.problem import Target


@dataclass(frozen=True)
class FamilyDescriptor:
    """`problems/NAME/descriptor.py` holds one of these as DESCRIPTOR.

    Attributes:
        name: as problem files spell it.
        family: `module:Class` of the `escalation.ports.families.Family`, constructed without arguments.
        summary: one line.
        sample: an instance that the contract suite loads, quick to solve.
        sample_target: a target for it.
        scorers: by format of a model, `module:function` from its bytes and a DataFrame to scores, shape
            (rows,); with these MLflow serves it.
        proves: whether its certificates are proofs, so that the target's confidence plays no part.
        sources: `module:function` from a folder for example files to the `escalation.testing.sources.Source`s
            that say which fields each way to give an instance takes.
    """

    name: str
    family: str
    summary: str
    sample: Mapping[str, Any]
    sample_target: Mapping[str, Any]
    proves: bool = False
    scorers: Mapping[str, str] = field(default_factory=dict)
    sources: str = ""


@dataclass(frozen=True)
class BackendDescriptor:
    """`backends/NAME/descriptor.py` holds one of these as DESCRIPTOR.

    Attributes:
        name: as policy files spell it, before the colon.
        backend: `module:Class` of the `escalation.ports.machines.Backend`.
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


Descriptor = TypeVar("Descriptor", FamilyDescriptor, BackendDescriptor)


def found_in(package: str, kind: type[Descriptor]) -> Mapping[str, Descriptor]:
    """The descriptors of a package's folders by name.

    A folder that cannot take part is refused, never passed over: a family that silently vanished would be
    missed only when a problem of it is asked for, and a second one of a name would run in the first's place.

    Raises:
        BadInput: on a folder that holds Python and cannot be imported, on a descriptor that is none, and on a
            name that two folders give themselves; the line names them.
    """
    found: dict[str, tuple[str, Descriptor]] = {}
    for folder in _folders(package):
        where = f"{package}/{folder.name}"
        descriptor = _descriptor(package, folder, where, kind)
        if descriptor.name in found:
            other = found[descriptor.name][0]
            raise BadInput(
                f"{other} and {where} both call themselves {descriptor.name!r}: expected one of a name; "
                f"rename one in its descriptor.py"
            )
        found[descriptor.name] = (where, descriptor)
    return {name: descriptor for name, (_, descriptor) in found.items()}


def _folders(package: str) -> Iterator[Path]:
    """Every folder that holds Python and is not SHARED, by name; also one that is no package."""
    home = importlib.import_module(package)
    shared = getattr(home, "SHARED", ())
    for root in map(Path, home.__path__):
        for folder in sorted(root.iterdir()):
            if folder.name[0] not in "._" and folder.name not in shared and any(folder.glob("*.py")):
                yield folder


def _descriptor(package: str, folder: Path, where: str, kind: type[Descriptor]) -> Descriptor:
    for file in ("__init__.py", "descriptor.py"):
        if not (folder / file).is_file():
            raise BadInput(f"{where}: expected {file} in it, found none: add it, or move the folder away")
    try:
        found = importlib.import_module(f"{package}.{folder.name}.descriptor").DESCRIPTOR
    except Exception as error:
        raise BadInput(f"{where}/descriptor.py: {type(error).__name__}: {error}") from error
    if not isinstance(found, kind):
        raise BadInput(
            f"{where}/descriptor.py: expected DESCRIPTOR to be a {kind.__name__}, got {type(found).__name__}"
        )
    if not re.fullmatch(r"[a-z][a-z0-9_]*", found.name):
        raise BadInput(
            f"{where}/descriptor.py: expected a name of small letters, digits and _, got {found.name!r}"
        )
    return found


@cache
def families() -> Mapping[str, FamilyDescriptor]:
    """The known families by name."""
    return found_in("problems", FamilyDescriptor)


@cache
def backends() -> Mapping[str, BackendDescriptor]:
    """The known backends by name."""
    return found_in("backends", BackendDescriptor)


def family(name: str) -> Any:
    """Returns the named family; raises `BadInput` on an unknown name."""
    return resolve(_known(families(), name, "family").family)()


def target_in_words(family_name: str, target: Target) -> str:
    """The target in words, with its confidence where that plays a part."""
    return target.in_words(sure=not families()[family_name].proves)


def backend_descriptor(spec: str) -> tuple[BackendDescriptor, str | None]:
    """Splits `backend[:device]` into descriptor and device; raises `BadInput` on an unknown one."""
    name, _, device = spec.partition(":")
    descriptor: BackendDescriptor = _known(backends(), name, "backend")
    return descriptor, device or None


def practises(backend: str) -> bool:
    """Whether a backend with its device is a practice service, which charges nobody; no unknown one is."""
    try:
        descriptor, device = backend_descriptor(backend)
        return descriptor.device_kind(device) is DeviceKind.PRACTICE
    except BadInput:
        return False


def _known(found: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in found:
        raise BadInput(f"unknown {what} {name!r}: expected one of {', '.join(sorted(found))}")
    return found[name]
