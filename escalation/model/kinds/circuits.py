"""What work on circuits has in common, whatever is asked of them."""

import io
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from escalation.model.blob import Blob
from escalation.model.demand import Demand
from escalation.model.errors import BadInput, one_line
from escalation.model.identity import digest_bytes
from escalation.model.resources import Resources
from escalation.model.whole_numbers import expect_whole
from escalation.model.work import Get, Json, Work


@dataclass(frozen=True)
class AnyPub(ABC):
    """A circuit with the parameter sets it is run for (Qiskit's primitive unified bloc).

    Attributes:
        qasm3: the logical circuit as OpenQASM 3 text, its parameters declared `input float[64]`.
        parameters: `.npy` bytes of a float64 array of shape (sets, parameters).
        parameter_names: the column order of `parameters`.
    """

    qasm3: str
    parameters: Blob
    parameter_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raises `BadInput` on a circuit that is no text, and on parameters that are no such array."""
        if not isinstance(self.qasm3, str) or not self.qasm3.strip():
            raise BadInput(f"expected a circuit as OpenQASM 3 text, got {self.qasm3!r}")
        names = self.parameter_names
        if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
            raise BadInput(f"expected names of parameters, each of them once, got {names!r}")
        shape = self.shape
        if len(shape) != 2 or shape[1] != len(names) or not shape[0]:
            raise BadInput(
                f"expected parameters of shape (sets, {len(names)}), at least one set, got {shape}"
            )

    def to_json(self) -> dict[str, Any]:
        return {
            "qasm3": digest_bytes(self.qasm3.encode()),
            "parameters": self.parameters.digest,
            "parameter_names": list(self.parameter_names),
        }

    @classmethod
    def from_json(cls, data: Json, get: Get) -> Self:
        """Rebuilds a pub from its `to_json`."""
        return cls(
            qasm3=get(data["qasm3"]).decode(),
            parameters=Blob(get(data["parameters"]), data["parameters"]),
            parameter_names=tuple(data["parameter_names"]),
            **cls.asked(data),
        )

    @classmethod
    @abstractmethod
    def asked(cls, data: Json) -> dict[str, Any]:
        """Reads the fields that say what is asked of the circuit."""

    if TYPE_CHECKING:

        @property
        def shots(self) -> int: ...

    @abstractmethod
    def demand(self) -> Demand:
        """Counts executions, shots and parameter values."""

    @property
    def sets(self) -> int:
        """The number of parameter sets, read from the header of the array's bytes alone."""
        return math.prod(self.shape[:1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `parameters`, read likewise; raises `BadInput` on other bytes than a whole array's."""
        from numpy.lib import format as npy

        stream = io.BytesIO(self.parameters.data)
        try:
            first = npy.read_magic(stream) == (1, 0)
            read = npy.read_array_header_1_0 if first else npy.read_array_header_2_0
            shape, _, dtype = read(stream)
        except Exception as error:  # whatever parsing a header raises
            raise BadInput(f"expected parameters as bytes of a .npy file, got {one_line(error)}") from None
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "fiu" or len(self.parameters.data) - stream.tell() != size:
            raise BadInput(
                f"expected parameters as real numbers of shape {shape}, {size} bytes of them, got "
                f"{len(self.parameters.data) - stream.tell()} of {dtype}"
            )
        found: tuple[int, ...] = shape
        return found


P = TypeVar("P", bound=AnyPub)
MOST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Circuits(Work, Generic[P]):
    """Circuits sent as one job.

    Attributes:
        pub: the class of the pubs.
        pubs: what to run.
        options: how: `twirling` (bool), `dynamical_decoupling` (sequence name or null),
            `optimization_level` (0-3).
        seed: for the transpiler and for simulators.
    """

    pub: ClassVar[type[AnyPub]]
    pubs: tuple[P, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    resources: Resources = Resources()

    def __post_init__(self) -> None:
        """Raises `BadInput` on no circuits, and on options or a seed that can be none."""
        wanted = self.pub.__name__
        if not isinstance(self.pubs, Sequence) or not self.pubs:
            raise BadInput(f"{self.kind}: expected at least one {wanted}, got {self.pubs!r}")
        for each in self.pubs:
            if not isinstance(each, self.pub):
                raise BadInput(f"{self.kind}: expected every pub to be a {wanted}, got {each!r}")
        if not isinstance(self.options, Mapping):
            raise BadInput(f"{self.kind}: expected options by name, got {self.options!r}")
        expect_whole(f"{self.kind}: seed", self.seed, 0, MOST_SEED)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "pubs": [pub.to_json() for pub in self.pubs],
            "options": dict(self.options),
            "seed": self.seed,
            "resources": self.resources.to_json(),
        }

    @classmethod
    def from_json(cls, data: Json, resources: Resources, get: Get) -> Self:
        pubs: Any = tuple(cls.pub.from_json(pub, get) for pub in data["pubs"])
        return cls(pubs, data["options"], data["seed"], resources)

    def blobs(self) -> Iterator[bytes]:
        for pub in self.pubs:
            yield pub.qasm3.encode()
            yield pub.parameters.data

    def demand(self) -> Demand:
        return sum((pub.demand() for pub in self.pubs), Demand())

    def shown(self) -> Mapping[str, bytes]:
        found = {}
        for number, pub in enumerate(self.pubs):
            found[f"circuits/{number}.qasm"] = pub.qasm3.encode()
            found[f"circuits/{number}-parameters.npy"] = pub.parameters.data
        return found
