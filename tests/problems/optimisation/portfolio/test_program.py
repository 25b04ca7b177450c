"""Whole portfolios on real ranks of one launch, with engines of a few lines."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from problems.optimisation.model.models import MaxCut, dump
from problems.optimisation.portfolio.record import plain
from problems.optimisation.proofs.model import Proof, unpack

PROGRAM = """
import json, sys, threading
from pathlib import Path
from types import MappingProxyType
import numpy as np
from mpi4py import MPI
from escalation.model.report import Report
from problems.optimisation.engines import catalogue
from problems.optimisation.portfolio import scheduler
from problems.optimisation.portfolio.program import run
from problems.optimisation.proofs.model import Proof


class Walk:
    "Random sides; with `until`, it offers nothing before somebody else has."
    deterministic = True
    def __init__(self, model, seed):
        self.model, self.rng = model, np.random.default_rng(seed)
    def run(self, board, effort_s):
        for _ in range(20):
            if board.stop():
                break
            board.offer(self.rng.integers(0, 2, self.model.size).astype(np.int32), self.name)
        return True
    def notes(self):
        return {"seed": int(self.rng.integers(9)), "strange": np.float64("nan")}


class Walker(Walk):
    name = "walker"


class Bounder(Walk):
    "The sum of all weights, then the true bound: first one that nobody can check."
    name = "bounder"
    def run(self, board, effort_s):
        if board.cost is None:
            return not board.stop()
        total = sum(w for *_, w in self.model.edges)
        board.prove(Proof("semidefinite", -total, {"shift": 0, "diagonal": [], "triangles": []}), self.name)
        board.prove(Proof("second_engine", -11, {"engine": "highs"}), self.name)
        return False


class Blocked(Walk):
    "Does not ask whether to stop for half a second at a time, as a solver without callbacks."
    name = "blocked"
    def run(self, board, effort_s):
        threading.Event().wait(0.5)
        return super().run(board, effort_s)


class Broken(Walk):
    name = "broken"
    def run(self, board, effort_s):
        raise RuntimeError("told to break")


class Stuck(Walk):
    "Finds the largest cut and never comes back."
    name = "stuck"
    def run(self, board, effort_s):
        board.offer(np.array([0, 0, 1, 1], dtype=np.int32), self.name)
        while True:
            board.stop()


class Empty(Walk):
    "Has nothing to give."
    name = "empty"
    def run(self, board, effort_s):
        return False


for kind in (Walker, Bounder, Blocked, Broken, Stuck, Empty):
    many = kind in (Walker, Blocked)
    catalogue.ENGINES[kind.name] = catalogue.EngineEntry(f"__main__:{kind.__name__}", many=many)
scheduler.GRACE_S = 0.3
folder, world = Path(sys.argv[1]), MPI.COMM_WORLD
inputs = {"model": (folder / "model").read_bytes()}
told = {}
for name, (ranks, params) in json.loads((folder / "runs").read_text()).items():
    comm = world.Split(0 if world.Get_rank() < ranks else 1)
    if world.Get_rank() < ranks:
        try:
            output = run(comm, params, inputs, Report())
        except RuntimeError as error:
            told[name] = {"error": str(error)}
        else:
            if output is not None:
                told[name] = {"values": output.values, "story": json.loads(output.evidence["portfolio.json"])}
                (folder / f"{name}.proofs").write_bytes(output.files["proofs"])
    while (wait := world.Ibarrier()) and not wait.Test():
        threading.Event().wait(0.01)
        while not wait.Test():
            threading.Event().wait(0.01)
        break
    assert not world.Iprobe()
    comm.Free()
if world.Get_rank() == 0:
    (folder / "told").write_text(json.dumps(told, allow_nan=False))
"""


def params(engines: list[str], rounds: dict[str, float] | None = None, **more: Any) -> dict[str, Any]:
    aim = {"metric": "gap", "limit": 0.0}
    usual = {"aim": aim, "search_s": 120, "seed": 5, "engines": engines, "weights": None, "rounds": rounds}
    return {**usual, **more}


ROUNDS = {"count": 6, "effort_s": 0.01}
OBJECTIVE = {"metric": "objective", "limit": 11}
RUNS: dict[str, tuple[int, dict[str, Any]]] = {
    "four": (4, params(["walker", "bounder", "blocked"])),
    "one": (1, params(["walker", "bounder"])),
    "broken": (2, params(["broken", "walker"], ROUNDS, aim=OBJECTIVE)),
    "all_broken": (2, params(["broken"])),
    "empty": (3, params(["empty"])),
    "stuck": (2, params(["stuck", "empty"], search_s=3)),
    "time": (2, params(["walker"], search_s=0.2)),
    "rounds": (4, params(["walker", "tempering", "empty"], ROUNDS)),
    "rounds_again": (4, params(["walker", "tempering", "empty"], ROUNDS)),
    "rounds_late": (2, params(["walker"], {"count": 10**6, "effort_s": 0.01}, search_s=0.2)),
    "tempering": (4, params(["tempering"], aim=OBJECTIVE)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("portfolios")
    square = MaxCut(vertices=4, edges=((0, 1, 1), (0, 2, 5), (0, 3, 4), (1, 2, 2), (2, 3, 3)))
    (made / "model").write_bytes(dump(square))
    (made / "runs").write_text(json.dumps(RUNS))
    launcher = Path(sys.executable).with_name("mpiexec")
    command = [str(launcher), "-n", "4", sys.executable, "-c", PROGRAM, str(made)]
    done = subprocess.run(command, timeout=240, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "told").read_text())
    return found


def proofs(folder: Path, name: str) -> tuple[Proof, ...]:
    return unpack((folder / f"{name}.proofs").read_bytes())


@pytest.mark.parametrize("name", ["four", "one"])
def test_a_point_of_one_engine_and_a_bound_of_another_end_the_search(
    told: dict[str, Any], folder: Path, name: str
) -> None:
    values = told[name]["values"]
    assert values["stopped"] == "proven"
    assert set(told[name]["story"]["stopped_by_rank"]) == {"proven"}
    assert (values["objective"], values["bound"], values["bound_engine"]) == (11, 11, "bounder")
    assert values["engine"] in {"walker", "blocked"}
    assert values["solution"]["bits"] in {"0011", "1100"}
    # the claim that closes the gap comes first, and behind it the best bound that can be checked again
    assert [(proof.kind, proof.bound) for proof in proofs(folder, name)] == [
        ("second_engine", -11),
        ("semidefinite", -15),
    ]


def test_the_story_tells_who_improved_what_and_when(told: dict[str, Any]) -> None:
    story = told["four"]["story"]
    objectives = [event["value"] for event in story["timeline"] if event["what"] == "objective"]
    assert objectives == sorted(set(objectives))
    assert objectives[-1] == 11
    assert [e["value"] for e in story["timeline"] if e["what"] == "bound"] == [15]
    assert [e["value"] for e in story["timeline"] if e["what"] == "unchecked bound"] == [11]
    times = [event["s"] for event in story["timeline"]]
    assert times == sorted(times)
    assert len(story["ranks"]) == 4
    slot = story["ranks"][0][0]
    assert slot["engine"] == "walker"
    assert len(slot["log"]) == slot["slices"]
    assert slot["notes"]["strange"] is None


def test_values_say_what_each_engine_contributed_and_hold_no_times(told: dict[str, Any]) -> None:
    engines = told["one"]["values"]["engines"]
    assert engines["bounder"] == {
        "ranks": [0],
        "ended": ["nothing more to give"],
        "points": 0,
        "bounds": 2,
        "best_bound": 11,
    }
    assert engines["walker"]["best_objective"] == 11
    assert engines["walker"]["points"] >= 1
    assert '"s"' not in json.dumps(told["one"]["values"])


def test_a_rank_whose_engines_fail_leaves_the_others_working(told: dict[str, Any]) -> None:
    values = told["broken"]["values"]
    assert (values["objective"], values["stopped"]) == (11, "target")
    assert values["remarks"] == ["broken: failed: RuntimeError: told to break"]
    assert values["bound"] is None


def test_a_portfolio_whose_engines_all_fail_is_an_error(told: dict[str, Any]) -> None:
    assert told["all_broken"] == {"error": "every engine failed; broken: failed: RuntimeError: told to break"}


def test_a_portfolio_without_an_answer_says_so(told: dict[str, Any], folder: Path) -> None:
    values = told["empty"]["values"]
    assert values["solution"] is None
    assert values["stopped"] == "nothing more to try"
    assert proofs(folder, "empty") == ()


def test_the_time_ends_it(told: dict[str, Any]) -> None:
    values = told["time"]["values"]
    assert values["stopped"] == "time"
    assert "another run may find other answers" in values["determinism"]


def test_an_engine_that_does_not_come_back_is_cut_off_and_its_finds_are_kept(told: dict[str, Any]) -> None:
    values = told["stuck"]["values"]
    assert (values["objective"], values["engine"], values["stopped"]) == (11, "stuck", "time")
    assert values["remarks"] == ["stuck: cut off 0.3 s after the end"]


def test_rounds_of_deterministic_engines_give_the_same_bytes(told: dict[str, Any], folder: Path) -> None:
    first, second = told["rounds"]["values"], told["rounds_again"]["values"]
    assert json.dumps(first) == json.dumps(second)
    assert (folder / "rounds.proofs").read_bytes() == (folder / "rounds_again.proofs").read_bytes()
    assert first["objective"] == 11
    assert first["determinism"] == (
        "exchanged between rounds alone: the same for this seed and number of ranks on any machine"
    )


def test_rounds_that_the_clock_ends_are_not_called_the_same_on_any_machine(told: dict[str, Any]) -> None:
    values = told["rounds_late"]["values"]
    assert values["stopped"] == "time"
    assert "ended by the clock" in values["determinism"]


def test_tempering_ranks_trade_replicas_and_leave_no_message_behind(told: dict[str, Any]) -> None:
    values, story = told["tempering"]["values"], told["tempering"]["story"]
    assert (values["objective"], values["stopped"]) == (11, "target")
    assert [row[0]["engine"] for row in story["ranks"]] == ["tempering"] * 4


def test_what_engines_note_becomes_json() -> None:
    import numpy as np

    told = plain({"a": np.int64(3), 1: (float("inf"), np.bool_(True)), "b": {"c": object}})
    assert told == {"a": 3, "1": [None, True], "b": {"c": "<class 'object'>"}}
