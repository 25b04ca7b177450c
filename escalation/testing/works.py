"""Work samples a kind, as plain data, each with what its result must be."""

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.blob import Blob
from escalation.model.calibration import DeviceKind
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.expectation_batch import EstimatorPub, ExpectationBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.model.work import Work, kinds
from escalation.ports.registry import resolve

SAMPLES = "escalation.testing.samples"
ANGLES = (0.0, math.pi, math.pi / 2)
SHOTS = 256
TOO_MANY = 10**6
TWO_NODES = Resources(ranks=2, nodes=2)
BELL_LIKE = """\
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[2] c;
qubit[2] q;
ry(theta) q[0];
cx q[0], q[1];
c[0] = measure q[0];
c[1] = measure q[1];
"""


BELL_STATE = """\
OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
qubit[2] q;
ry(theta) q[0];
cx q[0], q[1];
"""
GHZ_STATE = """\
OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
h q[0];
cx q[0], q[1];
cx q[1], q[2];
"""
PRECISION = 1 / 16


def wishes(given: Resources) -> dict[str, Resources]:
    """Resources that no machine gives, by the field that asks for them, and a node of its own."""
    return {
        "nodes": replace(given, ranks=TOO_MANY, nodes=TOO_MANY),
        "gpus": replace(given, gpus=TOO_MANY),
        "memory_mb": replace(given, memory_mb=TOO_MANY**2),
        "exclusive": replace(given, exclusive=True),
    }


@dataclass(frozen=True)
class Sample:
    """Work of one kind for the contract suite.

    Attributes:
        good: succeeds on every backend that accepts the kind.
        faults: says what is wrong with the result of `good` on a device of this kind; empty is right.
        bad: must end FAILED, or be refused when it is submitted.
        error: what the one-line error of `bad` must contain.
        endless: never ends, and starts children; None where the kind cannot.
        counted: circuits, shots and qubits of `good`, as a quote must count them.
    """

    good: Work
    faults: Callable[[RawResult, DeviceKind], list[str]]
    bad: Work
    error: str
    endless: Callable[[float], Work] | None = None
    counted: tuple[int, int, int] = (0, 0, 0)


def local_call() -> Sample:
    """Doubles a number and a file."""

    def faults(result: RawResult, kind: DeviceKind) -> list[str]:
        found = [] if result.values == {"x": 42} else [f"expected values {{'x': 42}}, got {result.values}"]
        data = {name: blob.data for name, blob in result.files.items()}
        wrong = data != {"half": b"\x00\xff\x00\xff"}
        return [*found, *([f"expected the input twice over in file 'half', got {data}"] if wrong else [])]

    return Sample(
        good=LocalCall(f"{SAMPLES}:double", {"x": 21}, {"half": Blob(b"\x00\xff")}),
        faults=faults,
        bad=LocalCall(f"{SAMPLES}:fail", {"message": "asked to fail"}),
        error="ValueError: asked to fail",
        endless=lambda wall_s: LocalCall(f"{SAMPLES}:stall", resources=Resources(wall_s=wall_s)),
    )


def mpi_program() -> Sample:
    """Sums a series with a known limit."""
    # the sum of sin(k)/k over all k ≥ 1 is (π - 1)/2, a Fourier series; after n terms less than 1/(n sin ½)
    # is missing, by Dirichlet's test
    expected, slack = (math.pi - 1) / 2, 1 / (20000 * math.sin(0.5))

    def faults(result: RawResult, kind: DeviceKind) -> list[str]:
        total = result.values.get("sum", math.nan)
        right = abs(total - expected) <= slack
        return [] if right else [f"expected a sum of {expected} ± {slack}, got {total}"]

    return Sample(
        good=MpiProgram(f"{SAMPLES}:block_sum", {"terms": 20000, "blocks": 8}, resources=Resources(ranks=2)),
        faults=faults,
        bad=MpiProgram(f"{SAMPLES}:rank_fails", {"rank": 1, "message": "asked to fail"}),
        error="rank 1: ValueError: asked to fail",
        endless=lambda wall_s: MpiProgram(
            f"{SAMPLES}:ranks_stall", resources=Resources(ranks=2, wall_s=wall_s)
        ),
    )


def circuit_batch() -> Sample:
    """Samples cos(θ/2)|00⟩ + sin(θ/2)|11⟩ at three angles."""
    good = CircuitBatch((_pub(BELL_LIKE),), {"optimization_level": 1}, seed=7)
    broken = CircuitBatch((_pub(BELL_LIKE.replace("cx", "no_such_gate")),), seed=7)
    counted = (len(ANGLES), len(ANGLES) * SHOTS, 2)
    return Sample(good=good, faults=_bell_faults, bad=broken, error="no_such_gate", counted=counted)


def expectation_batch() -> Sample:
    """Estimates cos(θ/2)|00⟩ + sin(θ/2)|11⟩ at three angles, and the GHZ state of three qubits.

    By hand: ⟨Z⟩ of qubit 0 is cos θ, ⟨ZZ⟩ 1, ⟨XX⟩ sin θ and ⟨YY⟩ -sin θ; in the GHZ state ⟨XXX⟩ and every
    ⟨ZZ⟩ are 1, ⟨YYX⟩ is -1, ⟨Z⟩ 0. Each takes three bases.
    """
    angles, none = _npy(np.array(ANGLES)[:, None]), _npy(np.zeros((1, 0)))
    pubs = (
        EstimatorPub(BELL_STATE, angles, ("theta",), _OBSERVED["bell"], PRECISION),
        EstimatorPub(GHZ_STATE, none, (), _OBSERVED["ghz"], PRECISION),
    )
    wide = EstimatorPub(BELL_STATE, angles, ("theta",), ({"ZZZ": 1.0},), PRECISION)
    circuits = 3 * len(ANGLES) + 3
    return Sample(
        good=ExpectationBatch(pubs, {"optimization_level": 2}, seed=7),
        faults=_expectation_faults,
        bad=ExpectationBatch((wide,), seed=7),
        error="expected observables on the 2 qubits of the circuit, got Pauli strings of 3 letters",
        counted=(circuits, circuits * 256, 3),
    )


_OBSERVED: Mapping[str, tuple[Mapping[str, float], ...]] = {
    "bell": ({"IZ": 1.0}, {"ZZ": 1.0}, {"XX": 1.0}, {"YY": 1.0}, {"XX": 0.5, "ZZ": -0.5}),
    "ghz": ({"XXX": 1.0}, {"ZZI": 0.5, "IZZ": 0.5}, {"YYX": 1.0}, {"ZII": 2.0}),
}


def _expectation_faults(result: RawResult, kind: DeviceKind) -> list[str]:
    """Compares with the values by hand; of five standard errors, one result in a hundred thousand is off."""
    noise = 0.0 if kind is DeviceKind.IDEAL_SIMULATOR else 0.25
    bell = [[math.cos(a), 1.0, math.sin(a), -math.sin(a), (math.sin(a) - 1) / 2] for a in ANGLES]
    faults = []
    for number, expected in enumerate((np.array(bell), np.array([[1.0, 1.0, -1.0, 0.0]]))):
        weights = np.array([sum(map(abs, each.values())) for each in list(_OBSERVED.values())[number]])
        evs, stds = (_load(result.files, f"{name}-{number}.npy") for name in ("evs", "stds"))
        if evs.shape != expected.shape or stds.shape != expected.shape or evs.dtype != np.float64:
            faults.append(f"pub {number}: expected shape {expected.shape}, got {evs.shape} and {stds.shape}")
        elif not (np.abs(evs - expected) <= weights * (noise + 5 * PRECISION)).all():
            faults.append(f"pub {number}: expected {expected.round(3).tolist()}, got {evs.round(3).tolist()}")
        elif not ((stds >= 0) & (stds <= weights * PRECISION * (1 + 1e-9))).all():
            faults.append(f"pub {number}: expected errors of {PRECISION} a string, got {stds.tolist()}")
    return faults


def _pub(qasm3: str) -> Pub:
    return Pub(qasm3, _npy(np.array(ANGLES)[:, None]), ("theta",), SHOTS)


def _npy(array: NDArray[Any]) -> Blob:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return Blob(buffer.getvalue())


def _bell_faults(result: RawResult, kind: DeviceKind) -> list[str]:
    """The state is cos(θ/2)|00⟩ + sin(θ/2)|11⟩: 11 comes with probability sin²(θ/2), 01 and 10 never."""
    if result.values.get("pubs") != [{"sets": len(ANGLES), "shots": SHOTS, "bits": 2}]:
        return [f"expected one pub of {len(ANGLES)} sets, {SHOTS} shots, 2 bits, got {result.values}"]
    bits = _load(result.files, "bits-0.npy")
    if bits.shape != (len(ANGLES), SHOTS, 1) or bits.dtype != np.uint8:
        return [f"expected uint8 samples of shape {(len(ANGLES), SHOTS, 1)}, got {bits.dtype} {bits.shape}"]
    noise = 0.0 if kind is DeviceKind.IDEAL_SIMULATOR else 0.2
    return [
        fault for row, angle in zip(bits[:, :, 0], ANGLES, strict=True) for fault in _row(row, angle, noise)
    ]


def _row(row: NDArray[np.uint8], angle: float, noise: float) -> list[str]:
    p = math.sin(angle / 2) ** 2
    share = float(np.mean(row == 0b11))
    slack = noise + 5 * math.sqrt(p * (1 - p) / SHOTS) + 1e-12
    stray = float(np.mean((row == 0b01) | (row == 0b10)))
    found = (
        []
        if abs(share - p) <= slack
        else [f"θ = {angle:.3f}: expected 11 in {p:.2f} ± {slack:.2f}, got {share}"]
    )
    return [
        *found,
        *([f"θ = {angle:.3f}: expected 01 and 10 in {noise} at most, got {stray}"] if stray > noise else []),
    ]


def _load(files: Mapping[str, Blob], name: str) -> NDArray[Any]:
    blob = files.get(name)
    empty: NDArray[Any] = np.zeros(0)
    return empty if blob is None else np.load(io.BytesIO(blob.data), allow_pickle=False)


def sample(kind: str) -> Sample:
    """Returns the sample of a kind of work; raises `KeyError` on a kind that does not exist."""
    found: Sample = resolve(kinds()[kind].sample)()
    return found
