"""What a method asks to have run, as data: it has an identity, can be sent, cached, replayed and shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from escalation.model.identity import digest_bytes, digest_json


@dataclass(frozen=True)
class Blob:
    """Bytes and their SHA-256. Records hold the digest, the store holds the bytes."""

    data: bytes = field(repr=False)
    digest: str = ""

    def __post_init__(self) -> None:
        actual = digest_bytes(self.data)
        if self.digest not in ("", actual):
            raise ValueError(f"expected bytes with SHA-256 {self.digest}, got {actual}")
        object.__setattr__(self, "digest", actual)

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)


@dataclass(frozen=True)
class Resources:
    """What a piece of work may use.

    Attributes:
        ranks: MPI processes.
        threads: threads a process.
        wall_s: seconds until it is stopped.
        memory_mb: advice for schedulers, in MiB.
    """

    ranks: int = 1
    threads: int = 1
    wall_s: float = 3600.0
    memory_mb: int = 2048

    def to_json(self) -> dict[str, Any]:
        return {
            "ranks": self.ranks,
            "threads": self.threads,
            "wall_s": self.wall_s,
            "memory_mb": self.memory_mb,
        }


@dataclass(frozen=True)
class LocalCall:
    """A call of a top-level function, in a process of its own.

    The function is `def f(params: dict, inputs: dict[str, bytes], report: Report) -> Output`, see
    `Output` and `Report`. It must be deterministic in its params and inputs.

    Attributes:
        function: `package.module:name`.
        params: plain JSON data.
        inputs: named bytes.
    """

    kind: ClassVar[str] = "local_call"
    function: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    resources: Resources = Resources()

    def to_json(self) -> dict[str, Any]:
        return {"function": self.function, **_call_json(self)}

    @property
    def digest(self) -> str:
        return digest_json(self.to_json())


@dataclass(frozen=True)
class MpiProgram:
    """A function run once on every rank of an MPI world of `resources.ranks` processes.

    The function is `def f(comm, params: dict, inputs: dict[str, bytes], report: Report) -> Output | None`;
    what rank 0 returns is the result. `comm` is an `mpi4py.MPI.Comm`.

    Attributes:
        program: `package.module:name`.
        params: plain JSON data.
        inputs: named bytes, the same on every rank.
    """

    kind: ClassVar[str] = "mpi_program"
    program: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    resources: Resources = Resources(ranks=2)

    def to_json(self) -> dict[str, Any]:
        return {"program": self.program, **_call_json(self)}

    @property
    def digest(self) -> str:
        return digest_json(self.to_json())


@dataclass(frozen=True)
class Pub:
    """A circuit with the parameter sets and shots it is run for (Qiskit's primitive unified bloc).

    Attributes:
        qasm3: the logical circuit as OpenQASM 3 text, its parameters declared `input float[64]`,
            ending in measurements of one classical register.
        parameters: `.npy` bytes of a float64 array of shape (sets, parameters).
        parameter_names: the column order of `parameters`.
        shots: executions of every parameter set.
    """

    qasm3: str
    parameters: Blob
    parameter_names: tuple[str, ...]
    shots: int

    def to_json(self) -> dict[str, Any]:
        return {
            "qasm3": digest_bytes(self.qasm3.encode()),
            "parameters": self.parameters.digest,
            "parameter_names": list(self.parameter_names),
            "shots": self.shots,
        }


@dataclass(frozen=True)
class CircuitBatch:
    """Circuits to sample, sent as one job.

    The result's values hold `pubs: [{"sets", "shots", "bits"}]`; its file `bits-K.npy` holds the
    samples of pub K as a uint8 array of shape (sets, shots, ceil(bits/8)), packed as in
    `qiskit.primitives.BitArray.array` (big-endian bits, classical bit 0 last).

    Attributes:
        pubs: what to run.
        options: how: `twirling` (bool), `dynamical_decoupling` (sequence name or null),
            `optimization_level` (0-3).
        seed: for the transpiler and for simulators.
    """

    kind: ClassVar[str] = "circuit_batch"
    pubs: tuple[Pub, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    resources: Resources = Resources()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "pubs": [pub.to_json() for pub in self.pubs],
            "options": dict(self.options),
            "seed": self.seed,
            "resources": self.resources.to_json(),
        }

    @property
    def digest(self) -> str:
        return digest_json(self.to_json())


Work = LocalCall | MpiProgram | CircuitBatch


def _call_json(work: LocalCall | MpiProgram) -> dict[str, Any]:
    return {
        "kind": work.kind,
        "params": dict(work.params),
        "inputs": {name: blob.digest for name, blob in work.inputs.items()},
        "resources": work.resources.to_json(),
    }


class Report:
    """How running work tells its progress; the default keeps it to itself."""

    def __call__(self, fraction: float, message: str = "") -> None:
        """Says that `fraction` (0-1) of the work is done."""


@dataclass(frozen=True)
class Output:
    """What work returns: small JSON values and named files, which are its identity, and evidence.

    Attributes:
        values: small JSON values.
        files: named bytes.
        evidence: bytes to keep beside the result that may differ from run to run (timings, logs);
            they become `RawResult.evidence`.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Mapping[str, bytes] = field(default_factory=dict)


class JobState(StrEnum):
    """Where a piece of work stands, in order; the last five are final.

    FAILED is the program's own doing: it raised, or ended by itself. FAULT is the machine's: killed by a
    signal that was not ours (out of memory, a lost node, a crash), a launcher or worker that vanished, a
    full disk, a torn result. It says nothing about the method, and settles nothing.
    """

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAULT = "fault"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Usage:
    """What was used: seconds elapsed, of processors, of quantum hardware, and US dollars."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    qpu_s: float = 0.0
    usd: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            self.qpu_s + other.qpu_s,
            self.usd + other.usd,
        )

    def to_json(self) -> dict[str, float]:
        return {
            "wall_s": self.wall_s,
            "cpu_s": self.cpu_s,
            "qpu_s": self.qpu_s,
            "usd": self.usd,
        }


@dataclass(frozen=True)
class Lost:
    """A try of a piece of work that came to nothing: why, in one line, and what it used."""

    error: str
    usage: Usage = Usage()

    def to_json(self) -> dict[str, Any]:
        return {"error": self.error, "usage": self.usage.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Lost":
        return cls(data["error"], Usage(**data["usage"]))


@dataclass(frozen=True)
class RawResult:
    """What came back from running work, successful or not.

    Attributes:
        state: a final state.
        values: small JSON values.
        files: named bytes.
        error: one line, when the work did not succeed.
        usage: what it used.
        provenance: where and how it ran (machine, versions, ranks, device, calibration digest);
            not part of the result's identity.
        evidence: bytes to keep beside the result (ISA circuits, calibration, logs); likewise.
        lost: tries of the same work before this one; likewise.
    """

    state: JobState
    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Blob] = field(default_factory=dict)
    error: str | None = None
    usage: Usage = Usage()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Blob] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()

    @property
    def spent(self) -> Usage:
        """What the work used, its lost tries included."""
        return sum((each.usage for each in self.lost), self.usage)

    @property
    def ok(self) -> bool:
        """Whether the work succeeded."""
        return self.state is JobState.DONE

    def to_json(self) -> dict[str, Any]:
        return {
            "state": str(self.state),
            "values": dict(self.values),
            "files": {name: blob.digest for name, blob in self.files.items()},
            "error": self.error,
            "usage": self.usage.to_json(),
            "provenance": dict(self.provenance),
            "evidence": {name: blob.digest for name, blob in self.evidence.items()},
            "lost": [each.to_json() for each in self.lost],
        }

    @property
    def digest(self) -> str:
        """Identity of what was computed: state, values and files; not where or how fast."""
        return digest_json(
            {
                "state": str(self.state),
                "values": dict(self.values),
                "files": {name: blob.digest for name, blob in self.files.items()},
            }
        )
