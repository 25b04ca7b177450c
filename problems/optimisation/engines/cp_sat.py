"""CP-SAT (Perron & Didier, Google OR-Tools) with one worker: answers, and a bound that is a bound.

Out of the box a single worker hardly moves its bound, as it does without most of the linear relaxation. What
moves it was measured kind by kind (`SETTINGS`).
A slice begins anew, from the best answer known; the caller makes slices longer and longer.
"""

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, ClassVar

from ortools.sat.python import cp_model

from problems.optimisation.engines.base import Incumbent, Unsuitable
from problems.optimisation.forms.interval import interval_model
from problems.optimisation.model.models import Model
from problems.optimisation.proofs.model import Proof

POLL_S = 0.01
"""Seconds between two questions to the board while CP-SAT is at work."""
MOST_COLUMNS = 120_000
"""Of a model; CP-SAT spends its time on presolving larger ones."""
LEAST_S_A_COLUMN = 1e-4
"""A shorter slice ends within the presolve, which begins anew with every slice."""
WORK_PER_S = 0.7
"""CP-SAT's deterministic time in a second of an ordinary core."""
MOST_BOUND = 2**53
"""Larger bounds are not integers any more; CP-SAT reports them before it knows any."""
_ROUNDING = 1e-6

_LP = "linearization_level: 2"
_TREE = f"{_LP} optimize_with_lb_tree_search: true"
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "appointments": (f"{_LP} search_branching: LP_SEARCH", _TREE),
    "triage": (_LP,),
    "independent_set": (f"{_LP} use_objective_lb_search: true", _TREE),
    "qubo": (_LP,),
    "max_cut": (_LP,),
}
"""Parameters by kind, in protobuf's text: slices take them in turn, those after the first only once there is
an answer, as they find none by themselves."""


class CpSat:
    """Searches and proves; offers every answer and every bound as they come."""

    name: ClassVar[str] = "cp_sat"
    deterministic: ClassVar[bool] = True

    def __init__(self, model: Model, seed: int) -> None:
        self._made = interval_model(model)
        if len(self._made.variables) > MOST_COLUMNS:
            raise Unsuitable(f"{self.name} would need {len(self._made.variables)} columns")
        self._settings = SETTINGS[model.kind]
        self._seed = seed % 2**31
        self._slices = self._answers = self._bounds = 0
        self._work = 0.0
        self._status = ""

    def run(self, incumbent: Incumbent, effort_s: float) -> bool:
        """Solves for a while; False once nothing is left to find or prove."""
        if incumbent.stop():
            return True
        self._made.hint(incumbent.point)
        turn = 0 if incumbent.point is None else self._slices % len(self._settings)
        solver = self._solver(self._settings[turn], effort_s, incumbent.left_s())
        heard: SimpleQueue[Callable[[], None]] = SimpleQueue()
        solver.best_bound_callback = lambda bound: heard.put(partial(self._prove, incumbent, bound))
        answers = _Answers(lambda values: heard.put(partial(self._offer, incumbent, values)))
        worker = Thread(target=solver.solve, args=(self._made.model, answers), daemon=True)
        worker.start()
        while worker.is_alive():
            _hear(heard, POLL_S)
            if incumbent.stop():
                solver.stop_search()
                worker.join(POLL_S)
        _hear(heard, 0.0)
        return self._finish(incumbent, solver)

    def notes(self) -> dict[str, Any]:
        """What was done, and with which parameters."""
        return {
            "settings": list(self._settings),
            "columns": len(self._made.variables),
            "slices": self._slices,
            "answers": self._answers,
            "bounds": self._bounds,
            "deterministic_time": round(self._work, 3),
            "status": self._status,
        }

    def _solver(self, settings: str, effort_s: float, left_s: float) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.parse_text_format(settings)
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = (self._seed + self._slices) % 2**31
        least_s = LEAST_S_A_COLUMN * len(self._made.variables)
        solver.parameters.max_deterministic_time = max(effort_s, least_s) * WORK_PER_S
        solver.parameters.max_time_in_seconds = max(left_s, POLL_S)
        return solver

    def _offer(self, incumbent: Incumbent, values: list[int]) -> None:
        self._answers += incumbent.offer(self._made.point_of(values), self.name)

    def _prove(self, incumbent: Incumbent, bound: float) -> None:
        if abs(bound) < MOST_BOUND:
            proof = Proof("second_engine", ceil(bound - _ROUNDING), {"engine": self.name})
            self._bounds += incumbent.prove(proof, self.name)

    def _finish(self, incumbent: Incumbent, solver: cp_model.CpSolver) -> bool:
        """Takes what the end of the search says besides."""
        self._slices += 1
        self._work += solver.deterministic_time
        self._status = solver.status_name(solver.response_proto.status)
        # Without an answer the bound reported here may be 0, whatever was proven; the callback's never is.
        if self._status in {"OPTIMAL", "FEASIBLE"}:
            self._offer(incumbent, list(solver.response_proto.solution))
            self._prove(incumbent, solver.best_objective_bound)
        return self._status not in {"OPTIMAL", "INFEASIBLE"}


class _Answers(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]
    """Passes on the values of every answer, in the model's order of variables."""

    def __init__(self, tell: Callable[[list[int]], None]) -> None:
        super().__init__()
        self._tell = tell

    def on_solution_callback(self) -> None:
        self._tell(list(self.response_proto.solution))


def _hear(heard: "SimpleQueue[Callable[[], None]]", wait_s: float) -> None:
    """Does what CP-SAT's thread asked for, in the thread that the board belongs to."""
    try:
        heard.get(timeout=wait_s)()
        while True:
            heard.get_nowait()()
    except Empty:
        return
