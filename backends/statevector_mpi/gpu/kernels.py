"""Passes over all amplitudes on a GPU, one kernel each, in place, compiled by Numba at their first use.

Amplitudes are complex64 of shape (2^n,), bit k of the index being qubit k. A thread takes every amplitude, or
every group of those that a matrix mixes, that lies a whole grid apart, so that neighbours read neighbours.
Sums are made in double precision.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-call,no-any-return"

from typing import Any

from numba import cuda, float64

THREADS = 256
MOST_BLOCKS = 1 << 20
LEAF = 128
"""Consecutive amplitudes that are summed one after the other."""
SUMMING = 1 << 16
"""Threads that sum over all amplitudes."""


def grid(count: int) -> tuple[int, int]:
    """Blocks and threads for so many pieces of work."""
    threads = min(THREADS, count)
    return min(-(-count // threads), MOST_BLOCKS), threads


@cuda.jit(device=True)
def first() -> int:
    """The number of this thread in its grid."""
    return cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x


@cuda.jit(device=True)
def step() -> int:
    """The threads of the grid."""
    return cuda.gridDim.x * cuda.blockDim.x


@cuda.jit(device=True)
def gap(index: int, position: int) -> int:
    """Inserts a zero into an index at a position."""
    return ((index >> position) << (position + 1)) | (index & ((1 << position) - 1))


@cuda.jit
def start(state: Any) -> None:
    """Sets |0…0⟩."""
    for x in range(first(), state.size, step()):
        state[x] = 1.0 if x == 0 else 0.0


@cuda.jit
def one_qubit(state: Any, position: int, matrix: Any) -> None:
    """Multiplies a 2 x 2 matrix into the state."""
    for x in range(first(), state.size >> 1, step()):
        a = gap(x, position)
        b = a | (1 << position)
        p, q = state[a], state[b]
        state[a] = matrix[0, 0] * p + matrix[0, 1] * q
        state[b] = matrix[1, 0] * p + matrix[1, 1] * q


@cuda.jit
def two_qubits(state: Any, low: int, high: int, matrix: Any) -> None:
    """Multiplies a 4 x 4 matrix into the state; the lower position is the less significant of its index."""
    for x in range(first(), state.size >> 2, step()):
        a = gap(gap(x, low), high)
        b, c = a | (1 << low), a | (1 << high)
        d = b | c
        p, q, r, s = state[a], state[b], state[c], state[d]
        state[a] = matrix[0, 0] * p + matrix[0, 1] * q + matrix[0, 2] * r + matrix[0, 3] * s
        state[b] = matrix[1, 0] * p + matrix[1, 1] * q + matrix[1, 2] * r + matrix[1, 3] * s
        state[c] = matrix[2, 0] * p + matrix[2, 1] * q + matrix[2, 2] * r + matrix[2, 3] * s
        state[d] = matrix[3, 0] * p + matrix[3, 1] * q + matrix[3, 2] * r + matrix[3, 3] * s


@cuda.jit
def diagonal(state: Any, table: Any, positions: Any) -> None:
    """Multiplies every amplitude by the table's entry of its bits at these positions, the first the least."""
    for x in range(first(), state.size, step()):
        entry = 0
        for k in range(positions.size):
            entry |= ((x >> positions[k]) & 1) << k
        state[x] = state[x] * table[entry]


@cuda.jit(device=True)
def odds(amplitude: Any) -> float:
    """The probability of an amplitude."""
    re, im = float64(amplitude.real), float64(amplitude.imag)
    return re * re + im * im


@cuda.jit
def leaf_sums(state: Any, sums: Any) -> None:
    """Sums the probabilities of LEAF amplitudes each."""
    for leaf in range(first(), sums.size, step()):
        total = 0.0
        for x in range(leaf * LEAF, (leaf + 1) * LEAF):
            total += odds(state[x])
        sums[leaf] = total


@cuda.jit
def drawn(state: Any, leaves: Any, rests: Any, found: Any) -> None:
    """Finds the amplitude of a leaf at which its summed probability passes a number; else the last not 0.

    Args:
        state: shape (2^n,).
        leaves: by draw the leaf's number.
        rests: by draw how far into the leaf's probability.
        found: overwritten by the indices.
    """
    for k in range(first(), leaves.size, step()):
        total, last = 0.0, leaves[k] * LEAF
        for x in range(leaves[k] * LEAF, (leaves[k] + 1) * LEAF):
            before = total
            total += odds(state[x])
            if total > before:
                last = x
                if total > rests[k]:
                    break
        found[k] = last


@cuda.jit
def correlate(state: Any, flip: int, signs: Any, parts: Any, sums: Any) -> None:
    """Sums a part of conj(amplitude of the flipped index) · amplitude, with a sign for every Pauli string.

    Args:
        state: shape (2^n,).
        flip: bits of the index that the strings invert.
        signs: by string the bits whose ones turn the sign.
        parts: by string 0 for Re, 1 for -Im, 2 for -Re, 3 for Im.
        sums: shape (strings, threads), overwritten.
    """
    for thread in range(first(), sums.shape[1], step()):
        for string in range(sums.shape[0]):
            part, total = parts[string], 0.0
            for x in range(thread, state.size, sums.shape[1]):
                mine, other = state[x], state[x ^ flip]
                a, b = float64(other.real), -float64(other.imag)
                c, d = float64(mine.real), float64(mine.imag)
                value = a * d + b * c if part & 1 else a * c - b * d
                minus = (cuda.popc(x & signs[string]) & 1) ^ (part == 1) ^ (part == 2)
                total += -value if minus else value
            sums[string, thread] = total
