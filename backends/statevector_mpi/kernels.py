"""Passes over the amplitudes of one rank, compiled by Numba at their first use and kept on disk.

Every multiplication and addition is written out, fused ones as `fma`, and Numba's `fastmath` is off: so an
amplitude gets the same bits wherever it lies, in a vector register or outside, on however many ranks.

Amplitudes are given as float64 of shape (2^local, 2). A dense pass gathers tiles of 32 such groups of
amplitudes as the matrix mixes, real and imaginary parts apart, which the compiler turns into vector
instructions whichever positions the qubits have.
"""

# mypy: disable-error-code="untyped-decorator,no-untyped-call"
# ruff: noqa: PLR0917 (compiled functions are called by position)

from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

LANE_BITS = 5
LANES = 1 << LANE_BITS
LEAST_LOCAL = LANE_BITS + 2
"""Positions that a rank has at least: a tile of two-qubit groups."""
LEAF_BITS = 7
LEAF = 1 << LEAF_BITS
"""Consecutive amplitudes that are summed one after the other; such sums are added in pairs."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


def compiled(function: Any) -> Any:
    """Has Numba compile a function when it is called first; kept beside the source or in the user's cache,
    or where neither can be written, compiled anew by every process."""
    try:
        return numba.njit(cache=True, boundscheck=False)(function)
    except RuntimeError:
        return numba.njit(boundscheck=False)(function)


@intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Returns a·b + c, rounded once."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), code


@compiled
def spread(index: int, cut: Whole) -> int:
    """Inserts zeros into an index at the cut positions, which ascend."""
    for position in cut:
        low = index & ((1 << position) - 1)
        index = ((index >> position) << (position + 1)) | low
    return index


@compiled
def one_qubit(state: Floats, cut: Whole, groups: Whole, lanes: Whole, re: Floats, im: Floats) -> None:
    """Multiplies a 2 x 2 matrix into the state, see `two_qubits`."""
    tile_re, tile_im = np.empty((2, LANES)), np.empty((2, LANES))
    for block in range(len(state) // (2 * LANES)):
        base = spread(block, cut)
        for j in range(2):
            first = base + groups[j]
            for lane in range(LANES):
                tile_re[j, lane] = state[first + lanes[lane], 0]
                tile_im[j, lane] = state[first + lanes[lane], 1]
        for i in range(2):
            first = base + groups[i]
            a0, a1, b0, b1 = re[i, 0], re[i, 1], im[i, 0], im[i, 1]
            out_re, out_im = np.empty(LANES), np.empty(LANES)
            for lane in range(LANES):
                x = a0 * tile_re[0, lane]
                x = fma(-b0, tile_im[0, lane], x)
                x = fma(a1, tile_re[1, lane], x)
                out_re[lane] = fma(-b1, tile_im[1, lane], x)
                y = a0 * tile_im[0, lane]
                y = fma(b0, tile_re[0, lane], y)
                y = fma(a1, tile_im[1, lane], y)
                out_im[lane] = fma(b1, tile_re[1, lane], y)
            for lane in range(LANES):
                state[first + lanes[lane], 0] = out_re[lane]
                state[first + lanes[lane], 1] = out_im[lane]


@compiled
def two_qubits(state: Floats, cut: Whole, groups: Whole, lanes: Whole, re: Floats, im: Floats) -> None:
    """Multiplies a 4 x 4 matrix into the state.

    Args:
        state: shape (2^local, 2).
        cut: positions of the matrix's qubits and of the lanes, ascending.
        groups: offsets of the amplitudes that the matrix mixes, in the order of its index.
        lanes: offsets of the groups of a tile.
        re: the matrix's real part.
        im: its imaginary part.
    """
    tile_re, tile_im = np.empty((4, LANES)), np.empty((4, LANES))
    out_re, out_im = np.empty(LANES), np.empty(LANES)
    for block in range(len(state) // (4 * LANES)):
        base = spread(block, cut)
        for j in range(4):
            first = base + groups[j]
            for lane in range(LANES):
                tile_re[j, lane] = state[first + lanes[lane], 0]
                tile_im[j, lane] = state[first + lanes[lane], 1]
        for i in range(4):
            first = base + groups[i]
            a0, a1, a2, a3 = re[i, 0], re[i, 1], re[i, 2], re[i, 3]
            b0, b1, b2, b3 = im[i, 0], im[i, 1], im[i, 2], im[i, 3]
            for lane in range(LANES):
                x = a0 * tile_re[0, lane]
                x = fma(-b0, tile_im[0, lane], x)
                x = fma(a1, tile_re[1, lane], x)
                x = fma(-b1, tile_im[1, lane], x)
                x = fma(a2, tile_re[2, lane], x)
                x = fma(-b2, tile_im[2, lane], x)
                x = fma(a3, tile_re[3, lane], x)
                out_re[lane] = fma(-b3, tile_im[3, lane], x)
                y = a0 * tile_im[0, lane]
                y = fma(b0, tile_re[0, lane], y)
                y = fma(a1, tile_im[1, lane], y)
                y = fma(b1, tile_re[1, lane], y)
                y = fma(a2, tile_im[2, lane], y)
                y = fma(b2, tile_re[2, lane], y)
                y = fma(a3, tile_im[3, lane], y)
                out_im[lane] = fma(b3, tile_re[3, lane], y)
            for lane in range(LANES):
                state[first + lanes[lane], 0] = out_re[lane]
                state[first + lanes[lane], 1] = out_im[lane]


@compiled
def factor(table: Floats, term: Floats, bits: Whole) -> None:
    """Multiplies a term into a table: entry x of the table by the term's entry of the bits of x.

    Args:
        table: shape (2^k, 2).
        term: shape (2^j, 2).
        bits: the bits of x, the least significant of the term's index first.
    """
    for x in range(len(table)):
        index = 0
        for place in range(len(bits)):
            index |= ((x >> bits[place]) & 1) << place
        re, im = table[x, 0], table[x, 1]
        table[x, 0] = fma(-term[index, 1], im, term[index, 0] * re)
        table[x, 1] = fma(term[index, 1], re, term[index, 0] * im)


@compiled
def diagonal(state: Floats, table: Floats, low: Whole, positions: Whole, places: Whole, fixed: int) -> None:
    """Multiplies every amplitude by the table's entry of its bits.

    Args:
        state: shape (2^local, 2).
        table: shape (2^k, 2).
        low: by the lowest bits of an amplitude's index, what they give of the table's.
        positions: local positions above those whose bits belong to the table's index.
        places: the bits of the table's index that they belong to.
        fixed: what the rank's number gives of the table's index.
    """
    for block in range(len(state) // len(low)):
        first = block * len(low)
        index = fixed
        for k in range(len(positions)):
            index |= ((first >> positions[k]) & 1) << places[k]
        for x in range(len(low)):
            entry = index | low[x]
            a, b = table[entry, 0], table[entry, 1]
            re, im = state[first + x, 0], state[first + x, 1]
            state[first + x, 0] = fma(-b, im, a * re)
            state[first + x, 1] = fma(b, re, a * im)


@compiled
def run(cut: Whole, offset: int, start: int) -> tuple[int, int]:
    """Where the amplitudes lie whose index has the offset's bits at the cut positions, which ascend.

    Returns:
        The index of the one numbered `start` among them, and how many from it on lie together.
    """
    together = 1 << cut[0]
    return spread(start, cut) | offset, together - (start & (together - 1))


@compiled
def pack(state: Floats, cut: Whole, offset: int, start: int, buffer: Floats) -> None:
    """Copies a part, from `start` on, of the amplitudes that `run` finds."""
    k = 0
    while k < len(buffer):
        first, length = run(cut, offset, start + k)
        length = min(length, len(buffer) - k)
        for x in range(length):
            buffer[k + x, 0], buffer[k + x, 1] = state[first + x, 0], state[first + x, 1]
        k += length


@compiled
def unpack(state: Floats, cut: Whole, offset: int, start: int, buffer: Floats) -> None:
    """Puts back what `pack` copies."""
    k = 0
    while k < len(buffer):
        first, length = run(cut, offset, start + k)
        length = min(length, len(buffer) - k)
        for x in range(length):
            state[first + x, 0], state[first + x, 1] = buffer[k + x, 0], buffer[k + x, 1]
        k += length


@compiled
def moved(index: int, positions: Whole) -> int:
    """Moves bit k of an index to the k-th position."""
    out = 0
    for k in range(len(positions)):
        out |= ((index >> k) & 1) << positions[k]
    return out


@compiled
def read(state: Floats, positions: Whole, start: int, flip: int, buffer: Floats) -> None:
    """Copies amplitudes in the order of their qubits, from `start` on, with the bits of `flip` inverted.

    Args:
        state: shape (2^local, 2).
        positions: of the local qubits.
        start: a multiple of LEAF.
        flip: bits of the index.
        buffer: shape (a multiple of LEAF, 2).
    """
    low = np.empty(LEAF, np.int64)
    for x in range(LEAF):
        low[x] = moved(x, positions)
    turned = moved(flip, positions)
    for leaf in range(len(buffer) // LEAF):
        base = moved(start + leaf * LEAF, positions)
        for x in range(LEAF):
            y = (base | low[x]) ^ turned
            buffer[leaf * LEAF + x, 0] = state[y, 0]
            buffer[leaf * LEAF + x, 1] = state[y, 1]


@compiled
def leaf_sums(state: Floats, positions: Whole, sums: Floats) -> None:
    """Sums the probabilities of LEAF amplitudes each, in the order of their qubits."""
    low = np.empty(LEAF, np.int64)
    for x in range(LEAF):
        low[x] = moved(x, positions)
    for leaf in range(len(sums)):
        base = moved(leaf * LEAF, positions)
        total = 0.0
        for x in range(LEAF):
            re, im = state[base | low[x], 0], state[base | low[x], 1]
            total = fma(im, im, fma(re, re, total))
        sums[leaf] = total


@compiled
def odd(bits: int) -> int:
    """1 where the number of ones is odd."""
    bits ^= bits >> 32
    bits ^= bits >> 16
    bits ^= bits >> 8
    bits ^= bits >> 4
    bits ^= bits >> 2
    bits ^= bits >> 1
    return bits & 1


@compiled
def correlate(mine: Floats, other: Floats, start: int, signs: Whole, parts: Whole, sums: Floats) -> None:
    """Sums, leaf by leaf, a part of conj(other) · mine with a sign for every Pauli string.

    Args:
        mine: amplitudes in order, from `start` on, shape (a multiple of LEAF, 2).
        other: those that the string turns them into.
        start: the index of the first.
        signs: by string the bits whose ones turn the sign.
        parts: by string 0 for Re, 1 for -Im, 2 for -Re, 3 for Im: i^parts times the product, its real part.
        sums: shape (strings, leaves), overwritten.
    """
    re, im = np.empty(LEAF), np.empty(LEAF)
    for leaf in range(len(mine) // LEAF):
        first = leaf * LEAF
        for x in range(LEAF):
            a, b = other[first + x, 0], -other[first + x, 1]
            c, d = mine[first + x, 0], mine[first + x, 1]
            re[x] = fma(-b, d, a * c)
            im[x] = fma(a, d, b * c)
        for string in range(len(signs)):
            total = 0.0
            for x in range(LEAF):
                value = im[x] if parts[string] & 1 else re[x]
                minus = odd((start + first + x) & signs[string]) ^ (parts[string] == 1) ^ (parts[string] == 2)
                total += -value if minus else value
            sums[string, leaf] = total


@compiled
def drawn(state: Floats, positions: Whole, leaves: Whole, rests: Floats, found: Whole) -> None:
    """Finds the amplitude of a leaf at which its summed probability passes a number.

    Args:
        state: shape (2^local, 2).
        positions: of the local qubits.
        leaves: by draw the leaf's number.
        rests: by draw how far into the leaf's probability.
        found: overwritten by the indices, in the order of their qubits. Where rounding leaves nothing to
            pass, the last amplitude that is not 0.
    """
    for k in range(len(leaves)):
        first = leaves[k] * LEAF
        total = 0.0
        for x in range(LEAF):
            place = moved(first + x, positions)
            re, im = state[place, 0], state[place, 1]
            before = total
            total = fma(im, im, fma(re, re, total))
            if total > before:
                found[k] = first + x
                if total > rests[k]:
                    break
