"""Rebuilding a part of a schedule optimally: the MIP of some patients, all others held still.

Where pools of interchangeable clinicians and rooms are counted, the MIP is tight (`forms`), and one of
some dozens of patients takes HiGHS a fraction of a second. Who is held still keeps the start and the pools;
names are dealt out anew. Large neighbourhoods of this kind: Shaw 1998 (CP'98, 417); Danna, Rothberg & Le Pape
2005, Math. Program. 102, 71.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array

from problems.optimisation.forms.compile import compile_mip
from problems.optimisation.forms.mip import FREE, Ints
from problems.optimisation.forms.mip_appointments import layout
from problems.optimisation.model.models import Appointments
from problems.optimisation.model.points import Point

_MOST_NODES = 50
"""Of branch and bound, after which the part is called too large."""


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """Outcome of a part.

    Attributes:
        point: the schedule with the part rebuilt, at most as dear; None where none was found.
        columns: size of the part's MIP.
        solved: whether the part is optimal.
    """

    point: Point | None
    columns: int
    solved: bool


class Rebuilder:
    """Prepares an instance's MIP for solving parts of it."""

    def __init__(self, model: Appointments) -> None:
        made, self._mip = layout(model), compile_mip(model)
        self._class_of_column = np.array([column.kind for column in made.columns], dtype=np.int64)
        self._class_of = np.zeros(model.size, dtype=np.int64)
        for kind, members in enumerate(made.classes):
            self._class_of[members] = kind
        self._matrix = csc_array(self._mip.matrix)
        self._lower = np.where(self._mip.lower == -FREE, -np.inf, self._mip.lower)
        self._upper = np.where(self._mip.upper == FREE, np.inf, self._mip.upper)

    def rebuild(self, point: Point, patients: Collection[int], limit_s: float) -> Rebuilt:
        """Solves for some patients, and those who differ from them in nothing, within a limit."""
        x, cost = self._mip.vector_of(point), self._mip.cost
        free = np.isin(self._class_of_column, self._class_of[list(patients)])
        columns = np.flatnonzero(free)
        found, solved = self._solve(columns, self._matrix @ np.where(free, 0, x), limit_s)
        if found is None or cost[columns] @ found > cost[columns] @ x[columns]:
            return Rebuilt(None, len(columns), solved)
        x[columns] = found
        return Rebuilt(self._mip.point_of(x), len(columns), solved)

    def _solve(self, columns: Ints, still: Ints, limit_s: float) -> tuple[Ints | None, bool]:
        """The best values of some columns, where the others use `still` of each row."""
        part = self._matrix[:, columns].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        mip = self._mip
        limits = LinearConstraint(
            part[rows].astype(np.float64), (self._lower - still)[rows], (self._upper - still)[rows]
        )
        result = milp(
            mip.cost[columns],
            integrality=np.ones(len(columns), dtype=np.int64),
            bounds=Bounds(0, mip.top[columns]),
            constraints=limits,
            options={"node_limit": _MOST_NODES, "time_limit": limit_s},
        )
        if result.x is None:
            return None, False
        return np.rint(result.x).astype(np.int64), result.status == 0
