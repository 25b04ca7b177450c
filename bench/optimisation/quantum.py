"""What the quantum tier adds over its null control, without noise and rehearsed under real calibrations.

    python -m bench.optimisation.quantum [--devices aer ibm_runtime:fake_boston] [--most 20]

Method: the quantum tier's own method, its circuits on each device in turn, everything else in this process;
instances come from the generators with fixed seeds, the native ones lie on a heavy-hex lattice. Each instance
is solved once a device, whole: nothing is fixed beforehand, so answers come from the samples alone.
`sampled` is the mean of the 1,024 samples as they are, `searched` the mean after the greedy one-flip descent,
`best` the answer; each for the circuit and for as many uniformly random strings and the same search. `p` are
the verifier's two p-values (better answer; better samples). Seconds are those of the attempt, the engines
for the bound and the verifier included.
No run is repeated until it looks better, and none is left out.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import networkx as nx

from backends.processes.calls import checked, resolve
from bench.machine import machine
from escalation.model.attempt import Candidate, Done
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.configuration import settings
from escalation.ports.registry import backend_descriptor
from problems.optimisation.generate.graphs import heavy_hex_cut, heavy_hex_qubo, qubo, random_independent_set
from problems.optimisation.loading.instance import OptimisationInstance, OptimisationView
from problems.optimisation.model.models import MaxCut, Model
from problems.optimisation.quantum.method import ReducedQaoa
from problems.optimisation.verify.sampled import controls

SEED = 1
WIDTHS = (26, 5, 7, 3, 6, 6, 8, 19, 19, 17, 15, 7)
TITLES = (
    "instance",
    "n",
    "fit",
    "p",
    "gates",
    "depth",
    "fidelity",
    "sampled",
    "searched",
    "best",
    "p-values",
    "s",
)


def _row(cells: tuple[str, ...]) -> str:
    return " ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def cubic(vertices: int) -> MaxCut:
    """The unweighted maximum cut of a random 3-regular graph."""
    edges = nx.random_regular_graph(3, vertices, SEED).edges()
    return MaxCut(vertices=vertices, edges=tuple(sorted((min(e), max(e), 1) for e in edges)))


def instances() -> Mapping[str, Model]:
    """By name; the smaller ones first."""
    made: dict[str, Model] = {}
    for n in (8, 12, 16, 20):
        made |= {f"qubo-{n}": qubo(n, SEED, density=0.5), f"cubic-cut-{n}": cubic(n)}
        made[f"independent-set-{n}"] = random_independent_set(n, SEED, 0.2)
    made["heavy-hex-cut"] = heavy_hex_cut(4, 14, SEED)
    made["heavy-hex-qubo"] = heavy_hex_qubo(4, 14, SEED)
    return made


class Machines:
    """Performs work: circuits on one device, calls here."""

    def __init__(self, device: str, folder: Path) -> None:
        descriptor, name = backend_descriptor(device)
        self.backend = descriptor.open(settings(), name)
        self._folder, self._count = folder, 0

    def perform(self, work: Work) -> RawResult:
        """Runs one piece of work to its end; a failure stops the benchmark."""
        if isinstance(work, LocalCall):
            inputs = {name: blob.data for name, blob in work.inputs.items()}
            made = checked(resolve(work.function)(dict(work.params), inputs, Report()))
            return RawResult(JobState.DONE, values=made.values, files=made.files)
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        handle = self.backend.submit(work, folder)
        while not self.backend.wait(handle, 60).state.final:
            pass
        result: RawResult = self.backend.result(handle)
        if not result.ok:
            raise RuntimeError(f"the circuits failed: {result.error}")
        return result


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--devices", nargs="+", default=["aer", "ibm_runtime:fake_boston"])
    parser.add_argument("--most", type=int, default=100, help="variables of the largest instance")
    parser.add_argument("--instances", nargs="+", default=sorted(instances(), key=list(instances()).index))
    chosen = parser.parse_args()
    print(machine())
    for device in chosen.devices:
        print(f"\n{device}; circuit | uniform bits\n{_row(TITLES)}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            machines = Machines(device, Path(folder))
            try:
                for name in chosen.instances:
                    model = instances()[name]
                    if model.size <= chosen.most:
                        print(_row(measured(name, model, machines)), flush=True)
            finally:
                machines.backend.close()


def measured(name: str, model: Model, machines: Machines) -> tuple[str, ...]:
    """Solves once; returns the row."""
    start = perf_counter()
    view = OptimisationView(model, "gap", 0.0, 1.0)
    fidelity = ReducedQaoa().quote(view, machines.backend).expected_fidelity
    candidate, done = solve(view, machines)
    compared, faults = controls(OptimisationInstance(model, 1.0), candidate, done)
    if faults:
        raise RuntimeError(f"{name}: {'; '.join(faults)}")
    notes = json.loads(json.dumps(candidate.notes))
    ours, theirs = notes["samples"]["quantum"], notes["samples"]["uniform"]
    circuits = notes["circuits"]
    answers = [each.values["objective"] / model.scale for each in (candidate, *candidate.controls.values())]
    return (
        name,
        str(model.size),
        circuits["fit"],
        str(circuits["layers"]),
        str(circuits["two_qubit_gates"]),
        str(circuits["two_qubit_depth"]),
        "-" if fidelity is None else f"{fidelity:.2f}",
        f"{ours['mean']:.2f} | {theirs['mean']:.2f}",
        f"{ours['mean_searched']:.2f} | {theirs['mean_searched']:.2f}",
        f"{answers[0]:g} | {answers[1]:g}",
        " ".join(f"{control.p_value:.2g}" for control in compared),
        f"{perf_counter() - start:.0f}",
    )


def solve(view: OptimisationView, machines: Machines) -> tuple[Candidate, tuple[Done, ...]]:
    """Drives the method to its end."""
    done: list[Done] = []
    steps = ReducedQaoa().solve(view, SEED)
    work = next(steps)
    while True:
        assert not isinstance(work, tuple)
        done.append(Done(work, machines.perform(work)))
        try:
            work = steps.send(done[-1].result)
        except StopIteration as stop:
            return stop.value, tuple(done)


if __name__ == "__main__":
    main()
