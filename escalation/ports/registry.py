"""Families and backends are found by their descriptors; nothing heavy is imported to know they exist."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from escalation.inputs.settings import OwnSettings, Settings
from escalation.inputs.validation import parse
from escalation.model.calibration import DeviceKind
from escalation.model.errors import BadInput, first_line
from escalation.model.problem import Target
from escalation.ports.discovery import Found, PassedOver, find, found_in

FAMILIES = "tierwise.families"
BACKENDS = "tierwise.backends"
"""The groups of entry points by which a site's own packages declare theirs."""


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
        specs: `module:Model` of every pydantic model that an instance in a problem file is checked by, or
            `module:function` that returns a tuple of them.
        check: `module:function` that checks an instance without opening its data; default: by the only one
            of `specs`.
        form: `module:Model` of the `escalation.ports.forms.Form`, the parameters of the family's flow.
        flow: what its flow is called; default: the family's name.
        inspect: `module:function` from the path of a table, the folder that it starts from and the fields of
            the instance that are known already to an `escalation.ports.inspection.Inspection`; "" where the
            family has no tables that stand by themselves.
        apply: `module:function` that applies an accepted answer to new rows: from the instance as stated,
            what the record has of it, the candidate, a file and the folder that it starts from, and as
            `certificate` what was certified of the candidate, to an `escalation.ports.applying.Applied`; ""
            where answers are about their instance alone.
        named_by: fields of the instance that say in short what a problem is about: a kind, a file.
        formerly: names of the last release, which problem files, policies and records may still say.
    """

    name: str
    family: str
    summary: str
    sample: Mapping[str, Any]
    sample_target: Mapping[str, Any]
    proves: bool = False
    scorers: Mapping[str, str] = field(default_factory=dict)
    sources: str = ""
    specs: tuple[str, ...] = ()
    check: str = ""
    form: str = ""
    flow: str = ""
    inspect: str = ""
    apply: str = ""
    named_by: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()

    @property
    def verb(self) -> str:
        """What the family's flow is called."""
        return self.flow or self.name

    def check_instance(self, instance: Mapping[str, Any]) -> None:
        """Checks what a problem file says under `instance`, without opening its data.

        Raises:
            BadInput: with one clear line.
        """
        if self.check:
            resolve(self.check)(instance)
        else:
            parse(self.models[0], dict(instance), "instance")

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The models that `specs` names."""
        found = [resolve(path) for path in self.specs]
        return tuple(model for each in found for model in ((each,) if isinstance(each, type) else each()))

    @property
    def package(self) -> str:
        """The family's folder as Python imports it: the package that its class stands in."""
        module = self.family.partition(":")[0]
        return module.rpartition(".")[0] or module

    @property
    def shipped(self) -> bool:
        """Whether it is one of this repository's, not a site's own."""
        return self.package.startswith("problems.")

    @property
    def folder(self) -> Path:
        """Where the family's files lie.

        Raises:
            BadInput: where its class stands in a module by itself, in no folder of its own.
        """
        found = importlib.import_module(self.package)
        if not hasattr(found, "__path__"):
            raise BadInput(f"family {self.name!r}: expected a package, got the module {self.package}")
        return Path(next(iter(found.__path__)))

    @property
    def template_files(self) -> tuple[Path, ...]:
        """Commented problem files that solve as they stand: `templates/N-KIND.yaml` in its folder."""
        return tuple(sorted((self.folder / "templates").glob("*-*.yaml")))

    @property
    def gates_file(self) -> Path:
        """The gates that the family brings along."""
        return self.folder / "gates.yaml"

    @property
    def gates_name(self) -> str:
        """The same for people: no path of any machine."""
        return f"{self.package.replace('.', '/')}/{self.gates_file.name}"


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
        settings: `module:Class` of the `OwnSettings` that it reads, or ""; as light to import as this is.
        packages: the distributions whose versions belong in the record of what ran here.
        simulates: `module:function` from `Settings` to the base-2 logarithm of the amplitudes that it can
            hold, cheap to call; "" where it simulates no circuits.
        durable: its work lives on without whoever submitted it: it is an
            `escalation.ports.machines.DurableBackend`, whose handles mean something on every host.
    """

    name: str
    backend: str
    accepts: tuple[str, ...]
    summary: str
    devices: str = ""
    kind_of: str = ""
    kind: DeviceKind = DeviceKind.CLASSICAL
    settings: str = ""
    packages: tuple[str, ...] = ()
    durable: bool = False
    simulates: str = ""

    def open(self, settings: Settings, device: str | None) -> Any:
        """Opens the named device; raises `BadInput` where the backend cannot be imported."""
        try:
            made = resolve(self.backend)
        except Exception as error:
            raise BadInput(f"backend {self.name!r} cannot be used: {first_line(error)}") from error
        return made(settings, device)

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

    Attributes:
        trouble: why it cannot be used now, or nothing more can be said of it; empty where nothing is wrong.
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
    trouble: str = ""


def resolve(path: str) -> Any:
    """Imports `module:name` and returns what it names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


class ByName(Mapping[str, FamilyDescriptor]):
    """Families by name; a former name finds one too, and is not listed."""

    def __init__(self, known: Mapping[str, FamilyDescriptor]) -> None:
        self._known = known
        former = {name: each.name for each in known.values() for name in each.formerly}
        self._now = former | {name: name for name in known}

    def __getitem__(self, name: str) -> FamilyDescriptor:
        return self._known[self._now[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@cache
def _families() -> Found[FamilyDescriptor]:
    found = find(found_in("problems", FamilyDescriptor, "family"), FAMILIES, _facts)
    return replace(found, known=ByName(found.known))


@cache
def _backends() -> Found[BackendDescriptor]:
    return find(found_in("backends", BackendDescriptor, "backend"), BACKENDS, _settings)


def _facts(found: FamilyDescriptor) -> None:
    """Makes the family and its facts, which every policy is checked against."""
    for each in resolve(found.family)().facts():
        assert each.spec.name


def _settings(found: BackendDescriptor) -> None:
    """Makes sure of the settings, which every process's variables are checked against."""
    if found.settings and not issubclass(resolve(found.settings), OwnSettings):
        raise BadInput(f"expected {found.settings} to be a class of OwnSettings")


def families() -> Mapping[str, FamilyDescriptor]:
    """The known families by name: those of this repository, then those of a site's own packages."""
    return _families().known


def backends() -> Mapping[str, BackendDescriptor]:
    """The known backends by name: those of this repository, then those of a site's own packages."""
    return _backends().known


def current_name(name: str) -> str:
    """What a family is called now; an unknown name stays as it is."""
    found = families().get(name)
    return name if found is None else found.name


def no_family(name: str) -> str:
    """Says why there is no family of that name."""
    return _families().unknown(name)


def backend_module(name: str) -> str | None:
    """The module that holds a backend's descriptor; None where nothing declares such a one."""
    return _backends().modules.get(name)


def backend_packages() -> tuple[str, ...]:
    """The distributions that the backends name."""
    return tuple(dict.fromkeys(name for found in backends().values() for name in found.packages))


def is_ours(name: str) -> bool:
    """Whether a known backend is this repository's, not a site's own."""
    return str(backend_module(name)).startswith("backends.")


def passed_over() -> tuple[PassedOver, ...]:
    """What a site's packages declare and what cannot take part."""
    return (*_families().passed_over, *_backends().passed_over)


def family(name: str) -> Any:
    """Returns the named family; raises `BadInput` on an unknown name."""
    return resolve(_families().of(name).family)()


def target_in_words(family_name: str, target: Target) -> str:
    """The target in words, with its confidence where that plays a part."""
    return target.in_words(sure=not families()[family_name].proves)


def backend_descriptor(spec: str) -> tuple[BackendDescriptor, str | None]:
    """Splits `backend[:device]` into descriptor and device; raises `BadInput` on an unknown one."""
    name, _, device = spec.partition(":")
    descriptor: BackendDescriptor = _backends().of(name)
    return descriptor, device or None


def practises(backend: str) -> bool:
    """Whether a backend with its device is a practice service, which charges nobody; no unknown one is."""
    try:
        descriptor, device = backend_descriptor(backend)
        return descriptor.device_kind(device) is DeviceKind.PRACTICE
    except BadInput:
        return False
