"""The rigorous factorisation, beside an exact elimination in fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from problems.optimisation.forms.spins import spin_form
from problems.optimisation.model.models import MaxCut
from problems.optimisation.proofs import semidefinite
from problems.optimisation.proofs.model import Proof
from problems.optimisation.proofs.semidefinite import positive, strongest_spins
from problems.optimisation.proofs.verify import verify


def exactly_semidefinite(rows: list[list[int]], slack: int) -> bool:
    """Whether M + δI is positive semidefinite at δ = slack / order, by elimination without rounding."""
    m = [[Fraction(entry) for entry in row] for row in rows]
    for k in range(len(m)):
        m[k][k] += Fraction(slack, len(m))
    while m:
        pivot = m[0][0]
        if pivot < 0 or (pivot == 0 and any(m[0])):
            return False
        if pivot == 0:
            m = [row[1:] for row in m[1:]]
            continue
        m = [[x - row[0] * y / pivot for x, y in zip(row[1:], m[0][1:], strict=True)] for row in m[1:]]
    return True


def test_the_exact_twin_knows_textbook_matrices() -> None:
    assert exactly_semidefinite([[1, 1], [1, 1]], 0)
    assert not exactly_semidefinite([[1, 2], [2, 1]], 1)
    assert exactly_semidefinite([[1, 2], [2, 1]], 2)  # its least eigenvalue is -1
    assert not exactly_semidefinite([[0, 1], [1, 5]], 0)


@pytest.mark.parametrize("order", [1, 2, 7, 40])
def test_the_shift_may_be_used_up_and_never_passed(order: int) -> None:
    matrix = -np.eye(order, dtype=np.int64)
    assert not positive(matrix, order)  # would need δ = 1 exactly
    assert positive(matrix, order + 1)


@pytest.mark.parametrize("scale", [1, 2**20, 2**45])
def test_a_singular_matrix_needs_hardly_any_shift(scale: int) -> None:
    rng = np.random.default_rng(5)
    half = rng.integers(-3, 4, (60, 20))
    matrix = scale * (half @ half.T)
    trace = int(matrix.trace())
    assert positive(matrix, 1 + trace // 10**9)
    lower = matrix - np.eye(60, dtype=np.int64) * (2 + 2 * trace // 10**9 // 60)
    assert not positive(lower, 1 + trace // 10**9)


def test_what_rounding_of_the_input_hides_is_not_believed() -> None:
    # as floating numbers all four entries are equal, and the matrix semidefinite; its determinant is negative
    large = 2**58
    matrix = np.array([[large, large + 1], [large + 1, large]])
    assert not positive(matrix, 1)
    assert not exactly_semidefinite(matrix.tolist(), 1)


VALUES = st.sampled_from([1, 3, 2**10 + 1, 2**29 - 1]).flatmap(lambda most: st.integers(-most, most))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=2, max_size=6), st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_is_shown_is_exactly_so(half: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """On Gram matrices and what is a little beside them, where rounding decides."""
    gram = [[sum(x * y for x, y in zip(a, b, strict=True)) for b in half] for a in half]
    largest = max(max(map(abs, row)) for row in gram)
    where = data.draw(st.integers(0, len(half) - 1))
    gram[where][where] += data.draw(st.sampled_from([0, -1, 1, -largest // 2**50, -largest // 3, 5]))
    slack = data.draw(st.sampled_from([1, 2, 1 + largest // 2**48, 1 + largest // 2]))
    if positive(np.array(gram, dtype=np.int64), slack):
        assert exactly_semidefinite(gram, slack)


def graded(seed: int) -> NDArray[np.int64]:
    """A Gram matrix of rows of very different sizes, a little off: badly conditioned."""
    rng = np.random.default_rng(seed)
    order, bits = int(rng.integers(3, 14)), int(rng.integers(8, 28))
    half = rng.integers(-(2**bits), 2**bits + 1, (order, int(rng.integers(1, order + 1))))
    half >>= rng.integers(0, bits + 1, order)[:, np.newaxis]
    off = np.tril(rng.integers(-3, 4, (order, order))) * 2 ** max(0, 2 * bits - 50)
    matrix: NDArray[np.int64] = half @ half.T + off + np.tril(off, -1).T
    return matrix


@pytest.mark.parametrize("seed", range(25))
def test_the_least_shift_that_is_shown_is_enough_in_fractions(seed: int) -> None:
    matrix, least = graded(seed), 1
    while not positive(matrix, least):
        least *= 2
    step = least // 2
    while step > least >> 10:  # the least multiple of about a thousandth that is shown
        least, step = least - step if positive(matrix, least - step) else least, step // 2
    assert exactly_semidefinite(matrix.tolist(), least)


def test_a_triangle_closes_what_eigenvalues_leave_open() -> None:
    # a triangle of weights 4 is cut for 8 at most; the eigenvalue bound says 9 (K is 8 off the diagonal)
    form = spin_form(MaxCut(vertices=3, edges=((0, 1, 4), (0, 2, 4), (1, 2, 4))))
    assert strongest_spins(form, [-8] * 3, [], 0) == -9
    assert strongest_spins(form, [0] * 3, [[0, 1, 2, 1, 1, 1, 8]], 0) == -8


def test_a_matrix_too_large_to_factorise_is_shown_by_dominance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semidefinite, "MOST_ORDER", 4)
    ring = MaxCut(
        vertices=8, edges=tuple(sorted((min(k, (k + 1) % 8), max(k, (k + 1) % 8), 3) for k in range(8)))
    )
    form = spin_form(ring)
    assert strongest_spins(form, [-12] * 8, [], 0) == -24  # each row of K holds 6 + 6: the ring is cut whole
    data = {"shift": 0, "diagonal": [-11] * 8, "triangles": [[0, 1, 2, 1, 1, 1, 0]]}
    assert verify(ring, Proof("semidefinite", -24, data)).fault


def test_hundreds_of_vertices_are_shown_close_to_the_eigenvalue() -> None:
    rng = np.random.default_rng(9)
    edges = tuple((i, j, 1) for i in range(300) for j in range(i + 1, 300) if rng.random() < 0.05)
    model = MaxCut(vertices=300, edges=edges)
    form = spin_form(model)
    least = float(np.linalg.eigvalsh(form.matrix().astype(float))[0])
    bound = strongest_spins(form, [int(np.floor(least * 2**24))] * 300, [], 24)
    exact = (form.constant + 0.5 * 300 * least) / 4
    assert bound in (int(np.ceil(exact - 1e-3)), int(np.ceil(exact + 1e-3)))
