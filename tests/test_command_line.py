"""The command line as a user calls it: its words, its exit codes, what it leaves; the plain engine.

What is killed or stopped, and the first of all, are processes of their own; the others run in this process.
"""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from escalation.inputs.settings import ROOT
from escalation.ports.configuration import settings
from escalation.testing.guarded import descending
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

POLICY = """\
policy: little
summary: for tests
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: aer}
gates:
  - id: age
    tier: quantum
    because: Devices drift in a day.
    when: {fact: device.calibration_age_h, at_most: 24 h}
approvals:
  - id: people
    tier: ai
    because: Somebody wants to look first.
    unless: {fact: toy.length, at_most: 20}
"""
PROBLEM: dict[str, Any] = {
    "family": "toy",
    "instance": {"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
    "target": {"metric": "number", "at_least": 4},
    "budget": {"wall_s": 120, "usd": 0},
    "data_class": "public",
    "seed": 7,
}
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, new_home: Callable[[Path], Path]) -> Path:
    return new_home(tmp_path / "home")


@pytest.fixture
def command(home: Path) -> Callable[..., list[str]]:
    return lambda *args: [sys.executable, "-m", "tierwise", *map(str, args)]


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """Without MLflow, whose import takes a process longer than the rest; see `with_mlflow`."""
    ours = {"TIERWISE_HOME": str(home), "TIERWISE_TRACKING": "off", "PREFECT_HOME": str(home / "prefect")}
    return {**os.environ, **ours, "COLUMNS": "200"}


@pytest.fixture
def with_mlflow(environment: dict[str, str]) -> None:
    """The test's commands track their cases, as a user's do."""
    del environment["TIERWISE_TRACKING"]


@pytest.fixture
def started_apart(command: Callable[..., list[str]], environment: dict[str, str]) -> Run:
    """Runs a command as a process of its own."""

    def call(*args: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*args),
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture
def run(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs a command as `tierwise` does, in this process: to import all again takes longer than most do."""
    from tierwise import main

    monkeypatch.chdir(ROOT)

    def call(*args: Any) -> subprocess.CompletedProcess[str]:
        settings.cache_clear()
        code: Any = 0
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - environment.keys():
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["tierwise", *map(str, args)])
            patch.setattr(sys, "stdin", io.StringIO())
            capsys.readouterr()
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
        return subprocess.CompletedProcess(sys.argv, code, *capsys.readouterr())

    yield call
    settings.cache_clear()


@pytest.fixture
def problem(tmp_path: Path) -> Callable[..., Path]:
    (tmp_path / "policy.yaml").write_text(POLICY)

    def write(name: str = "problem.yaml", **changes: Any) -> Path:
        path = tmp_path / name
        data = {**PROBLEM, "policy": "policy.yaml", **changes}
        path.write_text(json.dumps({key: value for key, value in data.items() if value is not None}))
        return path

    return write


def target(at_least: float) -> dict[str, Any]:
    return {"metric": "number", "at_least": at_least}


@pytest.mark.usefixtures("with_mlflow")
def test_an_accepted_problem_exits_0_with_the_promised_json(
    run: Run, started_apart: Run, problem: Callable[..., Path]
) -> None:
    done = started_apart("solve", problem(), "--json", "--engine", "plain")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {
        "case_id", "status", "tier", "method", "backend", "value", "certificate", "cost", "attempts",
        "decisions", "mlflow_run_id", "record",
    } <= set(found)  # fmt: skip
    assert (found["status"], found["tier"], found["method"], found["value"]) == (
        "accepted",
        "hpc",
        "scan",
        4.0,
    )
    assert {"status", "kind", "value", "tolerance", "verifier"} <= set(found["certificate"])
    assert set(found["cost"]) == {"wall_s", "cpu_s", "qpu_s", "usd"}
    keys = {"action", "tier", "rule", "because", "facts_hash", "policy_hash", "nearest_flip"}
    assert all(keys <= set(decision) for decision in found["decisions"])
    assert Path(found["record"]).read_text().startswith("<!doctype html>")
    shown = run(
        "show", found["case_id"], "--json"
    )  # MLflow is not waited for: the id is there when it is known
    assert json.loads(shown.stdout)["mlflow_run_id"]


def test_escalation_shows_each_decision_and_exits_3_when_it_abstains(
    run: Run, problem: Callable[..., Path]
) -> None:
    done = run("solve", problem(target=target(99)), "--engine", "plain")
    assert done.returncode == 3, done.stderr
    for said in ("step 1 of 3: hpc/scan", "step 2 of 3: ai/two_looks", "not tried  quantum: ", "ABSTAINED"):
        assert said in done.stdout
    assert "hpc/scan on mpi: running, quoted at most" in done.stderr  # progress is beside the answer


def test_a_case_held_for_a_person_exits_4(run: Run, problem: Callable[..., Path]) -> None:
    numbers = {"numbers": list(range(24)), "reach": 2}
    done = run("solve", problem(instance=numbers, target=target(23)), "--json", "--engine", "plain")
    assert done.returncode == 4, done.stderr
    found = json.loads(done.stdout)
    assert [rule["gate"] for rule in found["decisions"][-1]["asks"]] == ["people"]
    assert f"tierwise approve {found['case_id']}" in found["paused"]


def test_a_held_case_goes_on_after_a_person_approved_it(run: Run, problem: Callable[..., Path]) -> None:
    numbers = {"numbers": list(range(24)), "reach": 2}
    solve = ("solve", problem(instance=numbers, target=target(23)), "--case", "c", "--engine", "plain")
    held = run(*solve)
    assert held.returncode == 4, held.stderr
    assert "asks a person people: Somebody wants to look first." in held.stdout
    assert "tierwise approve c" in held.stdout
    assert run("approve", "c", "--yes", "--by", "anna").returncode == 0
    done = run(*solve)
    assert done.returncode == 3, done.stderr
    assert "ai/two_looks on local" in done.stdout
    assert "ABSTAINED" in done.stdout


def test_several_problems_are_solved_in_order_and_the_worst_exit_code_counts(
    run: Run, problem: Callable[..., Path]
) -> None:
    paths = problem("a.yaml"), problem("b.yaml", target=target(99))
    done = run("solve", *paths, "--json", "--engine", "plain")
    assert done.returncode == 3, done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["accepted", "abstained"]


def test_cases_and_explain_tell_the_story_afterwards(run: Run, problem: Callable[..., Path]) -> None:
    run("solve", problem(target=target(9)), "--case", "story", "--engine", "plain")
    assert "story" in run("cases").stdout
    told = run("explain", "story")
    assert told.returncode == 0
    assert "It was decided to try hpc/scan on mpi" in told.stdout
    assert "Not taken: quantum/dice" in told.stdout
    unknown = run("explain", "nobody")
    assert unknown.returncode == 2
    assert len(unknown.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": "toys"}, "unknown family 'toys': expected one of"),
        ({"instance": {"numbers": [1]}}, "numbers"),
        ({"instance": {"numbers": [1, 2], "rich": 1}}, "rich: unknown field"),
        ({"budget": {"wall_s": 0}}, "budget.wall_s: expected more than 0"),
        ({"budget": {"usd": -3}}, "budget.usd: expected at least 0"),
        ({"target": {"metric": "size", "at_least": 1}}, "metric"),
        ({"policy": "nowhere.yaml"}, "no such file"),
        ({"colour": "red"}, "colour: unknown field"),
    ],
)
def test_bad_input_is_one_clear_line_exit_2_and_nothing_written(
    run: Run, problem: Callable[..., Path], home: Path, changes: dict[str, Any], message: str
) -> None:
    done = run("solve", problem(**changes), "--engine", "plain")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert [path.name for path in home.iterdir()] == ["mlflow.db"]


def test_a_bad_file_among_good_ones_stops_all_before_any_is_solved(
    started_apart: Run, problem: Callable[..., Path], home: Path, tmp_path: Path
) -> None:
    done = started_apart("solve", problem(), tmp_path / "none.yaml", "--engine", "plain")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert [path.name for path in home.iterdir()] == ["mlflow.db"]


def test_a_case_id_that_belongs_to_another_problem_is_refused(run: Run, problem: Callable[..., Path]) -> None:
    assert run("solve", problem(), "--case", "mine", "--engine", "plain").returncode == 0
    done = run("solve", problem(seed=8), "--case", "mine", "--engine", "plain")
    assert done.returncode == 2, done.stderr
    assert "mine" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_mpi_that_yields_fewer_ranks_than_asked_is_bad_input_and_the_case_goes_on_once_it_is_mended(
    run: Run, problem: Callable[..., Path], environment: dict[str, str], tmp_path: Path
) -> None:
    alone = tmp_path / "mpiexec"
    alone.write_text(
        '#!/bin/sh\n# a launcher of another MPI: every process finds itself alone\nshift 2\nexec "$@"\n'
    )
    alone.chmod(0o755)
    environment["TIERWISE_MPIEXEC"] = str(alone)
    done = run("solve", problem(), "--case", "c", "--engine", "plain")
    assert done.returncode == 2, done.stderr
    *_, said = done.stderr.splitlines()  # behind what was being tried
    assert said.startswith("error: asked for 2 ranks, got worlds of size 1")
    assert "Traceback" not in done.stderr
    del environment["TIERWISE_MPIEXEC"]
    assert run("solve", problem(), "--case", "c", "--engine", "plain").returncode == 0


def test_an_unknown_setting_is_refused(run: Run, environment: dict[str, str]) -> None:
    environment["TIERWISE_RANK"] = "2"
    done = run("cases")
    assert done.returncode == 2
    assert "unknown setting TIERWISE_RANK" in done.stderr


def test_policy_check_runs_the_tests_inside_and_fails_with_them(run: Run, tmp_path: Path) -> None:
    good = run("policy", "check", "default")
    assert good.returncode == 0
    assert "tests passed" in good.stdout
    assert "look at" not in good.stdout
    never = tmp_path / "never.yaml"
    dear = "  - {rule: fidelity, because: As a slip., when: {fact: quote.expected_fidelity, at_least: 20}}\n"
    never.write_text("policy: n\nsummary: a slip\nextends: default\nchanges:\n" + dear)
    assert "look at condition fidelity is never met" in run("policy", "check", never).stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text((ROOT / "policies" / "default.yaml").read_text().replace("at_most: 24 h", "at_most: 2 h"))
    done = run("policy", "check", bad)
    assert done.returncode == 2
    assert "tests failed" in done.stderr


SLOW = {"numbers": PROBLEM["instance"]["numbers"], "reach": 3, "pause_s": 20}


def started(
    command: list[str], environment: dict[str, str], home: Path, states: tuple[int, int]
) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """Starts a slow case and waits until it has settled and submitted the stated numbers of works."""
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for _ in range(600):
        if count_intents(home) == states:
            return process, descending(psutil.Process(process.pid))
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(process.communicate()[1])
    process.kill()
    raise AssertionError(f"never reached {states}, but {count_intents(home)}")


def count_intents(home: Path) -> tuple[int, int]:
    """Counts settled and submitted pieces of work through the events that the ledger wrote."""
    if not (home / "ledger.db").exists():
        return 0, 0
    try:
        ledger = SqlLedger(f"sqlite:///{home / 'ledger.db'}", FileStore(home / "store"))
    except Exception:  # the other process is making it at this moment
        return 0, 0
    try:
        kinds = [str(event["kind"]) for event in ledger.events()]
    finally:
        ledger.close()
    settled = sum(kind == "work.settled" for kind in kinds)
    return settled, sum(kind == "work.submitted" for kind in kinds) - settled


def test_after_kill_9_in_an_attempt_nothing_is_left_running_and_the_case_resumes_without_repeating(
    run: Run,
    problem: Callable[..., Path],
    command: Callable[..., list[str]],
    environment: dict[str, str],
    home: Path,
) -> None:
    quick_first = {**SLOW, "pause_s": 5}
    args = ("solve", problem(instance=quick_first, target=target(9)), "--case", "c", "--engine", "plain")
    process, children = started(command(*args), environment, home, (1, 2))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not psutil.wait_procs(children, timeout=60)[1]
    assert "interrupted" in run("cases").stdout

    done = run(*args, "--json")
    assert done.returncode == 3, done.stderr  # neither half that seed 7 looks at holds the 9
    ledger = SqlLedger(f"sqlite:///{home / 'ledger.db'}", FileStore(home / "store"))
    sent = [event["body"] for event in ledger.events() if event["kind"] == "work.submitted"]
    ledger.verify()
    ledger.close()
    keys = sorted((body["attempt"], body["ordinal"]) for body in sent)
    assert keys == [(0, 0), (1, 0), (1, 0), (1, 1), (1, 1)]  # the first attempt was finished: sent once


@pytest.mark.usefixtures("with_mlflow")
def test_ctrl_c_stops_the_work_leaves_nothing_running_and_says_how_to_go_on(
    run: Run,
    problem: Callable[..., Path],
    command: Callable[..., list[str]],
    environment: dict[str, str],
    home: Path,
) -> None:
    args = ("solve", problem(instance=SLOW), "--case", "c", "--engine", "plain")
    process, children = started(command(*args), environment, home, (0, 1))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--case" in said
    assert "Traceback" not in said
    assert not psutil.wait_procs(children, timeout=60)[1]
    assert "interrupted" in run("cases").stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['tierwise', '--help']\nimport tierwise\n"
        "try:\n    tierwise.main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('qiskit', 'sklearn', 'mlflow', 'numpy', 'pandas', 'prefect', 'pydantic')\n"
        "print('HEAVY', [name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"
