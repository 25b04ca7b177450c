"""A case that was begun on one machine goes on, and is read, on one that shares ledger and store with it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from escalation.engine.drive import solve
from escalation.engine.listening import Silent
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.decision import Decision
from escalation.model.identity import digest_bytes
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from escalation.ports.configuration import settings
from records.runtime import open_records, open_runtime

Call = Callable[..., Any]
POLICY = """\
policy: little
summary: for tests
tiers: [ai]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
"""


def table(folder: Path) -> Problem:
    """A CSV whose first column says half of what is asked."""
    rng = np.random.default_rng(3)
    says, noise, ill = rng.normal(size=150), rng.normal(size=150), rng.random(150)
    rows = [f"{a:.4f},{b:.4f},{int(a + c > 0.5)}" for a, b, c in zip(says, noise, ill, strict=True)]
    (folder / "ward.csv").write_text("\n".join(["says,noise,ill", *rows, ""]), encoding="utf-8")
    instance = {"csv": "ward.csv", "target": "ill", "positive": 1}
    return Problem(
        family="prediction", instance=instance, target=Target(metric="roc_auc", at_least=1), seed=3
    )


def graph(folder: Path) -> Problem:
    """A graph in a file that is named by its whole path."""
    path = folder.parent / "graph.txt"
    lines = [f"{a} {b} 1" for a, b in EDGES]
    path.write_text("\n".join(["5 6", *lines, ""]), encoding="utf-8")
    instance = {"kind": "max_cut", "file": str(path), "search_s": 1}
    return Problem(
        family="optimisation", instance=instance, target=Target(metric="objective", at_least=100), seed=3
    )


EDGES = ((1, 2), (2, 3), (3, 4), (4, 5), (5, 1), (1, 3))
"""A ring of five with a chord."""
LARGEST_CUT = max(
    sum((side >> a ^ side >> b) & 1 for a, b in EDGES) for side in range(0, 2**6, 2)
)  # of all 32 ways to part the vertices


class Unplugged(BaseException):
    """The first machine's end."""


class Until(Silent):
    """Ends the machine when the first attempt has ended, or is decided on."""

    def __init__(self, *, decided: bool) -> None:
        self.early = decided

    def decided(self, decision: Decision) -> None:
        if self.early:
            raise Unplugged

    def attempted(self, attempt: Attempt) -> None:
        self.attempt = attempt
        raise Unplugged


@pytest.mark.parametrize(
    ("make", "by"),
    [(table, ["--case", "c"]), (graph, ["p.json", "--case", "c"])],
    ids=["prediction", "optimisation"],
)
def test_a_second_home_takes_a_case_up_and_a_third_shows_its_report_without_the_data(
    make: Any, by: list[str], tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, shared = tmp_path / "data", tmp_path / "shared"
    data.mkdir()
    shared.mkdir()
    problem = make(data)
    first = Until(decided=make is graph)
    both: dict[str, Any] = {
        "tracking": 0,
        "ledger_url": f"sqlite:///{shared / 'ledger.db'}",
        "store_url": str(shared),
    }
    with open_runtime(Settings(home=tmp_path / "first", **both)) as runtime, pytest.raises(Unplugged):
        solve(runtime, prepare(problem, parse_policy(POLICY), "c", data), first)
    for gone in (data, tmp_path / "first"):
        shutil.rmtree(gone)
    (tmp_path / "p.json").write_text(json.dumps({**problem.to_json(), "policy": "own.yaml"}))
    (tmp_path / "own.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    for name, value in both.items():
        monkeypatch.setenv(f"TIERWISE_{name.upper()}", str(value))

    move_to(monkeypatch, tmp_path / "second")
    if "p.json" in by:
        (tmp_path / "graph.txt").write_text("2 1\n1 2 1\n")
        other = call("solve", *by, "--engine", "plain")
        assert (other.code, len(other.err.splitlines())) == (2, 1)
        assert "belongs to another instance" in other.err
    (tmp_path / "graph.txt").unlink(missing_ok=True)
    solved = call("solve", *by, "--json", "--engine", "plain")
    assert (solved.code, solved.err) == (3, "")
    went_on = Outcome.model_validate(json.loads(solved.out))
    if make is graph:
        assert went_on.value == LARGEST_CUT
    else:
        assert went_on.attempts == (first.attempt,)

    move_to(monkeypatch, tmp_path / "third")
    outcome = Outcome.model_validate(json.loads(call("show", "c", "--json").out))
    assert outcome == went_on.model_copy(update={"record": outcome.record})
    assert outcome.record == str(tmp_path / "third" / "reports" / "c.html")
    assert digest_bytes(Path(outcome.record).read_bytes()) == outcome.report
    assert call("explain", "c").out.endswith(f"report {outcome.record}\n")
    assert call("show", "c", "--files", str(tmp_path / "out")).code == 0
    assert {digest_bytes(path.read_bytes()) for path in (tmp_path / "out").iterdir()} == {
        *outcome.files.values()
    }
    with open_records() as (ledger, store):
        files = ledger.case("c").info.files
        assert list(files) == ["ward.csv" if make is table else str(tmp_path / "graph.txt")]
        assert {*files.values(), outcome.report, *outcome.files.values()} <= ledger.digests()
        assert ledger.digests() <= set(store.digests())


def move_to(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """From now on this is another machine."""
    monkeypatch.setenv("TIERWISE_HOME", str(home))
    settings.cache_clear()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "expected a problem file, or --case"),
        (("--case", "unknown"), "expected the id of a case in this ledger"),
        (("--case", "c", "--policy", "default"), "--policy: expected a problem file with it"),
    ],
)
def test_without_a_problem_file_the_id_of_a_case_must_be_given(
    call: Call, arguments: tuple[str, ...], expected: str
) -> None:
    said = call("solve", *arguments)
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert expected in said.err
