"""Circuits of a batch that differ in their last one-qubit gates only: evolved once, read in every basis.

A projected kernel asks for the same state in three bases, shadows and tomography in many. A simulator is
given each as a circuit of its own, and evolves the state as often. Here the part they share is recognised by
what it does (see `programs`), evolved once a parameter set, and every circuit's own last gates, noise and
readout are applied to that. The distributions are those of the circuits one by one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.circuits.pictures import Array, Misread, Picture
from backends.circuits.programs import Channel, Program, compiled
from backends.circuits.pubs import Bits, Sampler, count_sets, load_values, pub_report, sample_pub
from escalation.model.identity import derive_seed
from escalation.model.kinds.circuits import AnyPub
from escalation.model.report import Report

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

VERSION = 1
"""Of the way from a seed to samples; part of the record."""
MOST_ENTRIES = 2**20
"""Of a state: 10 qubits with noise, 20 without. Wider circuits go to a simulator."""
ENTRIES_AT_ONCE = 2**17
"""Entries of the states that are evolved together: a megabyte or two, which a processor keeps close."""

MULTIPLICATIONS_AT_ONCE = 2**16
"""In one call of BLAS; OpenBLAS starts threads from 2**18 on."""


def no_noise(name: str, where: tuple[int, ...]) -> None:
    """The channel of a perfect machine."""


def no_misreading(qubit: int) -> Misread:
    """The readout of a perfect machine."""
    return (0.0, 0.0)


@dataclass(frozen=True)
class Sampled:
    """A pub that may be sampled together with others.

    Attributes:
        circuit: what is run.
        pub: its parameter sets and shots.
        seed: of its samples.
        noise: after its gates.
        misread: of its qubits.
    """

    circuit: "QuantumCircuit"
    pub: AnyPub
    seed: int
    noise: Channel = no_noise
    misread: Callable[[int], Misread] = no_misreading

    @cached_property
    def sets(self) -> int:
        """Number of parameter sets."""
        return count_sets(self.pub)


def sample_pubs(
    pubs: Sequence[Sampled], picture: Picture, alone: Callable[[int], Sampler], report: Report
) -> tuple[list[Bits], list[list[int]]]:
    """Samples the pubs of a batch, those together whose circuits differ in their last one-qubit gates only.

    Args:
        pubs: in the batch's order.
        picture: `Amplitudes` without noise, else `PauliVector`.
        alone: by number, what samples a pub that has no such sister.
        report: told of the progress.

    Returns:
        The samples of every pub, uint8 (sets, shots, bytes), see `CircuitBatch`; and the numbers of those
        that were sampled together.
    """
    programs = {number: program for number, pub in enumerate(pubs) if (program := _program(pub, picture))}
    groups = [group for group in _alike(pubs, programs) if len(group) > 1]
    samples: dict[int, Bits] = {}
    for group in groups:
        part = pub_report(report, len(samples), len(pubs))
        samples |= _sample_group(
            {number: (pubs[number], programs[number]) for number in group}, picture, part
        )
    for number, pub in enumerate(pubs):
        if number not in samples:
            part = pub_report(report, len(samples), len(pubs))
            samples[number] = sample_pub(alone(number), pub.circuit, pub.pub, pub.seed, part)
    return [samples[number] for number in range(len(pubs))], groups


def described(groups: list[list[int]]) -> dict[str, Any]:
    """What the record says of pubs that were sampled together."""
    return {"evolved_together": {"pubs": groups, "version": VERSION}}


def _sample_group(
    group: Mapping[int, tuple[Sampled, Program]], picture: Picture, report: Report
) -> dict[int, Bits]:
    drawn: dict[int, list[Bits]] = {number: [] for number in group}
    first, program = next(iter(group.values()))
    sets = first.sets
    for rows, state in evolved(program, sets, picture):
        for number, (sampled, its) in group.items():
            odds = distribution(state, its, rows, picture, sampled.misread)
            drawn[number].append(_draw(odds, its, rows, sampled))
        report(rows.stop / sets)
    return {number: np.concatenate(parts) for number, parts in drawn.items()}


def _program(sampled: Sampled, picture: Picture) -> Program | None:
    """None where the pub is to be left to a simulator."""
    pub, circuit = sampled.pub, sampled.circuit
    if picture.size**circuit.num_qubits > MOST_ENTRIES:
        return None
    return compiled(circuit, pub.parameter_names, load_values(pub), picture, sampled.noise)


def _alike(pubs: Sequence[Sampled], programs: Mapping[int, Program]) -> list[list[int]]:
    """Numbers of the pubs with the same blocks and as many parameter sets."""
    groups: list[list[int]] = []
    for number, program in programs.items():
        for group in groups:
            if pubs[group[0]].sets == pubs[number].sets and programs[group[0]].same_blocks(program):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def evolved(program: Program, sets: int, picture: Picture) -> Iterator[tuple[slice, Array]]:
    """Evolves a program's blocks for a few parameter sets at a time.

    Returns:
        Slices of the sets, and their states: (sets of the slice or 1, size, …), the last qubit's axis first.
    """
    qubits = len(program.tails)
    step = max(1, ENTRIES_AT_ONCE // picture.size**qubits)
    for first in range(0, sets, step):
        rows = slice(first, min(sets, first + step))
        state = reduce(np.multiply.outer, [picture.start] * qubits)[None]
        for block in program.blocks:
            state = _apply(state, block.pair, _of(block.matrix, rows))
        yield rows, state


def _apply(state: Array, pair: tuple[int, int], matrices: Array) -> Array:
    """Multiplies a block's matrices into the states."""
    last = state.ndim - 1  # the axis of qubit 0
    axes = (last - pair[1], last - pair[0])
    moved = np.moveaxis(state, axes, (-2, -1))
    made = _times(moved.reshape(len(moved), -1, matrices.shape[2]), matrices)
    return np.moveaxis(made.reshape(-1, *moved.shape[1:]), (-2, -1), axes)


def _times(states: Array, matrices: Array) -> Array:
    """Multiplies (sets, m, k) by the transposes of (sets or 1, j, k), m and k being powers of two.

    In pieces so small that no BLAS starts threads for them, which takes ten times as long on a busy machine.
    """
    rows = min(states.shape[1], MULTIPLICATIONS_AT_ONCE // (matrices.shape[1] * matrices.shape[2]))
    pieces = states.reshape(len(states), -1, rows, states.shape[2])
    made = pieces @ matrices.transpose(0, 2, 1)[:, None]
    return made.reshape(len(made), -1, matrices.shape[1])


def _of(matrices: Array, rows: slice) -> Array:
    return matrices if len(matrices) == 1 else matrices[rows]


def distribution(
    state: Array, program: Program, rows: slice, picture: Picture, misread: Callable[[int], Misread]
) -> Array:
    """Returns the probabilities of what is read, (sets of the slice or 1, 2^n); qubit k is bit k of it.

    What no classical bit takes is read too, without errors, and means nothing.
    """
    taken = set(program.measured.values())
    for qubit in reversed(range(len(program.tails))):
        wrong = misread(qubit) if qubit in taken else (0.0, 0.0)
        reading = picture.reading(_of(program.tails[qubit], rows), wrong)
        # the axis in front is this qubit's, and its outcome goes to the end: after the last all are in order
        flat = state.reshape(len(state), picture.size, -1).transpose(0, 2, 1)
        state = _times(flat, reading)
    odds: Array = picture.probabilities(state.reshape(len(state), -1)).clip(0.0)
    return odds


def _draw(odds: Array, program: Program, rows: slice, sampled: Sampled) -> Bits:
    """Draws the shots of the slice's parameter sets, every set from a seed of its own; uint8, packed."""
    numbers, shots = range(rows.start, rows.stop), sampled.pub.shots
    spread = np.broadcast_to(odds, (len(numbers), odds.shape[1]))
    seeds = [derive_seed(sampled.seed, "set", number) for number in numbers]
    outcomes = np.stack([_outcomes(p, shots, seed) for p, seed in zip(spread, seeds, strict=True)])
    width = sampled.circuit.num_clbits
    bits = np.zeros((*outcomes.shape, width + -width % 8), dtype=np.uint8)
    for clbit, qubit in program.measured.items():
        bits[:, :, -1 - clbit] = outcomes >> qubit & 1  # big-endian, classical bit 0 last
    packed: Bits = np.packbits(bits, axis=2)
    return packed


def _outcomes(odds: Array, shots: int, seed: int) -> Array:
    upto = np.cumsum(odds)
    return np.searchsorted(upto / upto[-1], np.random.default_rng(seed).random(shots), side="right")
