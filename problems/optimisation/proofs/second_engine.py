"""Asks another engine whether anything is cheaper than a bound that one engine only states.

The candidate's own answer is checked elsewhere, so all that is left to show is that no answer costs less than
the bound: a MIP with that as a row has no solution. Two engines that share no code may still both be
wrong, each in its own way; what they agree on is believed, and the certificate says on what it rests.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from problems.optimisation.forms.mip import FREE, Ints, Mip
from problems.optimisation.proofs.reading import Faulty, Undecided, fields

MOST_COLUMNS = 5_000
MOST_ENTRIES = 12_000
"""Larger MIPs are rarely decided within the limits below, and take a minute to find that out."""
MOST_WORK = 20_000_000
"""Nodes of HiGHS times entries of the MIP: some 15 s on a QUBO of 100 variables, where it suffices."""
MOST_DETERMINISTIC_S = 10.0
"""Of CP-SAT, in its own seconds, the same on every machine: about 25 s of one core."""
MOST_WALL_S = 900.0
"""Only against a machine that hangs: the limits above are met much earlier."""
MOST_COEFFICIENT, MOST_TOGETHER = 1 << 16, 1 << 22
"""HiGHS calls whole what is so within 1e-6, and drops the node where the rounded answer breaks a row. So the
coefficients must be small beside a million: from 2**23 on it was seen to miss answers that are there."""
INFEASIBLE = "The problem is infeasible"
"""How scipy says so; its status 2 alone may also be a model that HiGHS refuses."""

Answer = Ints | None


def small(mip: Mip) -> bool:
    """Whether a second engine is asked about a MIP of this size."""
    return mip.columns <= MOST_COLUMNS and mip.matrix.nnz <= MOST_ENTRIES


def check_second(mip: Mip, data: Any, bound: int) -> str:
    """Has an engine that is not the claim's own confirm that no cost is below `bound`.

    Returns:
        The name of the engine that confirms it.

    Raises:
        Faulty: when it finds something cheaper.
        Undecided: when it does not find out within its limits.
    """
    (engine,) = fields(data, ("engine",))
    others: dict[str, tuple[str, Callable[[Mip, int], Answer]]] = {
        "cp_sat": ("HiGHS", highs_below),
        "highs": ("CP-SAT", cp_sat_below),
    }
    if not isinstance(engine, str) or engine not in others:
        raise Faulty(f"expected a claim of one of the engines {', '.join(others)}")
    if not small(mip):
        raise Undecided(
            f"the MIP is too large for a second engine: {mip.columns} columns, {mip.matrix.nnz} entries"
        )
    name, below = others[engine]
    cheaper = below(mip, bound - 1) if mip.columns else _only_answer(mip, bound - 1)
    if cheaper is not None:
        raise Faulty(f"{name} finds an answer that costs {exact_cost(mip, cheaper)}, below {bound}")
    return name


def _only_answer(mip: Mip, most: int) -> Answer:
    """A MIP without columns has the empty answer alone."""
    return np.zeros(0, dtype=np.int64) if mip.offset <= most else None


def highs_below(mip: Mip, most: int) -> Answer:
    """Returns an answer that costs at most `most`, or None when HiGHS finds that there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    unit = max(1, int(np.gcd.reduce(mip.cost)))
    _check_sizes(mip, unit)
    lower = np.where(mip.lower == -FREE, -np.inf, mip.lower)
    upper = np.where(mip.upper == FREE, np.inf, mip.upper)
    price = (mip.cost // unit).astype(np.float64)
    nodes = max(1, MOST_WORK // max(1, int(mip.matrix.nnz)))
    cheap = LinearConstraint(price.reshape(1, -1), -np.inf, (most - mip.offset) // unit)
    constraints = [cheap]
    if mip.rows:
        constraints.append(LinearConstraint(mip.matrix.astype(np.float64), lower, upper))
    found = milp(
        price,
        constraints=constraints,
        integrality=np.ones(mip.columns, dtype=np.int64),
        bounds=Bounds(0, mip.top),
        options={"node_limit": nodes, "time_limit": MOST_WALL_S},
    )
    if found.x is not None:
        return _confirmed(mip, np.rint(found.x).astype(np.int64), most, "HiGHS")
    if not found.message.startswith(INFEASIBLE):
        raise Undecided(f"HiGHS does not decide within {nodes} nodes whether the bound holds")
    return None


def _check_sizes(mip: Mip, unit: int) -> None:
    """Raises `Undecided` where HiGHS's tolerance could be mistaken for a unit of a row, or of the cost."""
    rows, top = abs(mip.matrix), mip.top.astype(np.float64)
    prices = np.abs(mip.cost).astype(np.float64) / unit
    largest = max(float(prices.max(initial=0)), float(rows.data.max(initial=0)))
    together = max(float(prices @ top), float((rows.astype(np.float64) @ top).max(initial=0)))
    if largest > MOST_COEFFICIENT or together > MOST_TOGETHER:
        raise Undecided("the coefficients are too large for HiGHS, which computes in floating numbers")


def cp_sat_below(mip: Mip, most: int) -> Answer:
    """Returns an answer that costs at most `most`, or None when CP-SAT finds that there is none."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    columns = [model.new_int_var(0, top, "") for top in mip.top.tolist()]
    matrix = mip.matrix
    starts, where, entries = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    for row, (lower, upper) in enumerate(zip(mip.lower.tolist(), mip.upper.tolist(), strict=True)):
        part = slice(starts[row], starts[row + 1])
        total = cp_model.LinearExpr.weighted_sum([columns[j] for j in where[part]], entries[part])
        model.add_linear_constraint(total, lower, upper)
    cost = cp_model.LinearExpr.weighted_sum(columns, mip.cost.tolist())
    model.add(cost <= most - mip.offset)
    model.minimize(cost)  # not needed, but linear relaxations then look where it is hard: ten times faster
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = MOST_DETERMINISTIC_S
    solver.parameters.max_time_in_seconds = MOST_WALL_S
    solver.parameters.stop_after_first_solution = True
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        answer = np.array([solver.value(column) for column in columns], dtype=np.int64)
        return _confirmed(mip, answer, most, "CP-SAT")
    if status != cp_model.INFEASIBLE:
        raise Undecided(f"CP-SAT does not decide within {MOST_DETERMINISTIC_S:g} of its seconds")
    return None


def _confirmed(mip: Mip, answer: Ints, most: int, engine: str) -> Ints:
    """Returns an engine's answer when it holds in whole numbers too."""
    if violation(mip, answer) or exact_cost(mip, answer) > most:
        raise Undecided(f"{engine} returns an answer that does not hold in whole numbers")
    return answer


def violation(mip: Mip, answer: Ints) -> bool:
    """Whether a vector breaks a row or a limit of the MIP."""
    rows = mip.matrix @ answer
    limits = (answer < 0) | (answer > mip.top)
    return bool(limits.any() or (rows < mip.lower).any() or (rows > mip.upper).any())


def exact_cost(mip: Mip, answer: Ints) -> int:
    """What a vector costs, in whole numbers of any size."""
    prices: list[int] = mip.cost.tolist()
    amounts: list[int] = answer.tolist()
    return mip.offset + sum(price * amount for price, amount in zip(prices, amounts, strict=True))
