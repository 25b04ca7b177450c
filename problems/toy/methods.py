"""One method a tier; read these first when writing a family of your own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.errors import TierwiseError
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Tier
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.ports.configuration import mpi_ranks
from escalation.ports.machines import Device
from escalation.ports.methods import Solve, succeeded
from problems.toy.instance import ToyView
from toolbox.arrays import npy
from toolbox.circuits import qasm3


@dataclass(frozen=True)
class Scan:
    """hpc: look at the first `reach` positions, spread over MPI ranks."""

    name: str = "scan"
    tier: Tier = Tier.HPC
    work_kind: str = MpiProgram.kind

    def quote(self, view: ToyView, device: Device) -> Quote:
        return device.estimate(self._work(view))

    def solve(self, view: ToyView, seed: int) -> Solve:
        result = succeeded((yield self._work(view)))
        return _candidate(result.values)

    def _work(self, view: ToyView) -> MpiProgram:
        return MpiProgram(
            program="problems.toy.work:scan",
            params={"numbers": list(view.numbers[: view.reach]), "pause_s": view.pause_s},
            resources=Resources(ranks=mpi_ranks(), wall_s=60 + view.pause_s),
        )


@dataclass(frozen=True)
class TwoLooks:
    """ai: two looks at random halves, run at once; the better one counts, and one may fail."""

    name: str = "two_looks"
    tier: Tier = Tier.AI
    work_kind: str = LocalCall.kind

    def quote(self, view: ToyView, device: Device) -> Quote:
        first, second = self._work(view, 0)
        return device.estimate(first) + device.estimate(second)

    def solve(self, view: ToyView, seed: int) -> Solve:
        results = yield self._work(view, seed)
        assert isinstance(results, tuple)
        succeeded = [result.values for result in results if result.ok]
        if not succeeded:
            raise TierwiseError(f"both looks failed: {results[0].error}")
        return _candidate(max(succeeded, key=lambda values: values["number"]))

    def _work(self, view: ToyView, seed: int) -> tuple[LocalCall, LocalCall]:
        def call(index: int) -> LocalCall:
            return LocalCall(
                function="problems.toy.work:look",
                params={
                    "numbers": list(view.numbers),
                    "seed": derive_seed(seed, index),
                    "pause_s": view.pause_s,
                },
                resources=Resources(wall_s=60 + view.pause_s),
            )

        return call(0), call(1)


SHOTS = 16


@dataclass(frozen=True)
class Dice:
    """quantum: positions drawn by measuring qubits in superposition; null control: NumPy's dice."""

    name: str = "dice"
    tier: Tier = Tier.QUANTUM
    work_kind: str = CircuitBatch.kind

    def quote(self, view: ToyView, device: Device) -> Quote:
        return device.estimate(self._work(view, 0))

    def solve(self, view: ToyView, seed: int) -> Solve:
        result = succeeded((yield self._work(view, seed)))
        bits = npy.load(result.files["bits-0.npy"].data, np.uint8)[0]  # (shots, bytes)
        drawn = [int.from_bytes(row.tobytes(), "big") % len(view.numbers) for row in bits]
        rng = np.random.default_rng(derive_seed(seed, "null"))
        control = rng.integers(len(view.numbers), size=len(drawn))
        return Candidate(
            values=_best(view, drawn),
            controls={"numpy_dice": Candidate(values=_best(view, control.tolist()))},
            notes={"bits": result.values["pubs"][0]["bits"]},
        )

    def _work(self, view: ToyView, seed: int) -> CircuitBatch:
        qubits = max(1, math.ceil(math.log2(len(view.numbers))))
        gates = qasm3.on_all("ry(theta)", qubits)
        text = qasm3.program(qubits, gates, inputs=("theta",), register="meas")
        pub = Pub(text, Blob(npy.dump(np.array([[np.pi / 2]]))), ("theta",), SHOTS)
        return CircuitBatch((pub,), options={"optimization_level": 1}, seed=derive_seed(seed, "shots"))


def _best(view: ToyView, positions: list[int]) -> dict[str, Any]:
    position = max(positions, key=lambda place: view.numbers[place])
    return {"position": position, "number": view.numbers[position]}


def _candidate(values: Mapping[str, Any]) -> Candidate:
    return Candidate(values={"position": values["position"], "number": values["number"]})
