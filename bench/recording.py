"""What recording adds to an attempt, on top of what MLflow takes by itself for the same values.

    python -m bench.recording [--cases 10] [--guarded 20000] [--folder DIR]

Method. So many toy cases, each with another seed, are solved beforehand in one home, three attempts each: an
MPI program, two calls, a circuit on the ideal simulator. What they left is then recorded again in a second
home, an attempt after the other, and timed in parts, side by side in one run:

1. ledger and store: the decision, each piece of work as wanted, sent and settled with its bytes, the attempt
   with its candidate; on the disk that `--folder` names, synced as always;
2. view: decision and attempt in MLflow, by the tracker, until its thread has done them;
3. MLflow alone: a child run with the same parameters, metrics, tags and files, read from what the view wrote,
   by `MlflowClient` and nothing else, into another database: `create_run`, one `log_batch`, one
   `log_artifacts` of a folder that lies ready, `set_terminated`.

Opening and closing cases is not timed, and the first case warms up. What recording adds is 1 + 2 - 3 of each
attempt. Nobody waits for 2: it is done behind the case.

Then: what the guard of a canary takes for a case that the canary is to get, in a ledger of `--guarded` cases
of both policies since it began, 5 % of them the canary's. Their rows are written in bulk, of the size of real
ones, 20 further cases between two looks. The first look counts all of them, which happens where the bound was
changed; else a count was kept at most 200 cases before.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import insert, select

from bench.machine import machine, row, seconds
from bench.orchestration import POLICY, problem
from escalation.engine.canarying import under_its_policy
from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.inputs.settings import Settings
from escalation.model.attempt import Attempt, Candidate, Done
from escalation.model.case import CaseStatus, WorkKey
from escalation.model.decision import Action, Decision
from escalation.policy.policy import parse_policy
from records.ledger import schema
from records.ledger.ledger import SqlLedger
from records.runtime import open_records, open_runtime
from records.tracking.client import experiment_id, open_client
from records.tracking.places import TrackingPlace, tracking_place
from records.tracking.tracking import MlflowTracker
from records.tracking.writing import lay_out

PATIENCE_S = 60.0
TARGET_S = 0.05


@dataclass(frozen=True)
class Made:
    """An attempt with all that is recorded of it."""

    decision: Decision
    attempt: Attempt
    candidate: Candidate | None
    done: Sequence[Done]


@dataclass
class Times:
    """Seconds of attempts, by part."""

    kept: list[float] = field(default_factory=list)
    viewed: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    @property
    def added(self) -> list[float]:
        """What recording adds to each attempt."""
        return [sum(each[:2]) - each[2] for each in zip(self.kept, self.viewed, self.alone, strict=True)]


def solved(home: Path, cases: int) -> Iterator[tuple[Any, list[Made]]]:
    """Solves cases; yields each with what it was opened with, and its attempts."""
    policy = parse_policy(POLICY)
    with open_runtime(Settings(home=home, tracking=0.0)) as runtime:
        for _ in range(cases):
            case_id = solve(runtime, prepare(problem(), policy)).case_id
            decided = [d for d in runtime.ledger.decisions(case_id) if d.action is Action.ATTEMPT]
            tried = runtime.ledger.attempts(case_id)
            yield (
                runtime.ledger.case(case_id).info,
                [
                    Made(decision, attempt, candidate, runtime.ledger.works(case_id, attempt.number))
                    for decision, (attempt, candidate) in zip(decided, tried, strict=True)
                ],
            )


def keep(ledger: SqlLedger, case_id: str, made: Made) -> None:
    """Records an attempt in ledger and store."""
    ledger.add_decision(case_id, made.decision)
    for ordinal, done in enumerate(made.done):
        key = WorkKey(case_id, made.attempt.number, ordinal)
        ledger.intend(key, done.work, made.attempt.backend)
        ledger.submitted(key, {"pid": 1, "folder": "0-0-0"})
        ledger.settle(key, done.result)
    ledger.add_attempt(case_id, made.attempt, made.candidate)


def view(tracker: MlflowTracker, case_id: str, made: Made) -> None:
    """Shows an attempt in MLflow, and waits until it is there."""
    tracker.decided(case_id, made.decision)
    tracker.attempt_finished(case_id, made.attempt, made.candidate, made.done)
    assert tracker.drain(PATIENCE_S)


class Alone:
    """MLflow's own client, with nothing of ours around it."""

    def __init__(self, home: Path) -> None:
        """Opens a database of its own."""
        self.client = open_client(TrackingPlace(f"sqlite:///{home / 'mlflow.db'}", home / "artifacts"))
        self.experiment = experiment_id(self.client, "alone", home / "artifacts")
        self.parent = self.client.create_run(self.experiment).info.run_id

    def log(self, run: Any, files: Path) -> float:
        """Logs what a run holds under another; returns the seconds that it took."""
        from mlflow.entities import Metric, Param, RunTag

        at, data = run.info.end_time, run.data
        metrics = [Metric(name, value, at, 0) for name, value in data.metrics.items()]
        params = [Param(name, value) for name, value in data.params.items()]
        tags = [RunTag(name, value) for name, value in data.tags.items()]
        start = perf_counter()
        made = self.client.create_run(self.experiment, tags={"mlflow.parentRunId": self.parent})
        self.client.log_batch(made.info.run_id, metrics, params, tags)
        self.client.log_artifacts(made.info.run_id, str(files))
        self.client.set_terminated(made.info.run_id, "FINISHED")
        return perf_counter() - start


def measured(folder: Path, cases: int) -> Times:
    """Records the attempts of cases, the first of them untimed."""
    found = Times()
    settings = Settings(home=folder / "again")
    with open_records(settings) as (ledger, store):
        place = tracking_place(settings)
        tracker, alone = MlflowTracker(place, ledger, store), Alone(folder / "again")
        reader = open_client(place)
        for number, (info, attempts) in enumerate(solved(folder / "first", cases + 1)):
            tracker.case_opened(ledger.open_case(info))
            assert tracker.drain(PATIENCE_S)
            for made in attempts:
                _one(ledger, tracker, (alone, reader, folder), (info.case_id, made), found)
            ledger.close_case(info.case_id, CaseStatus.ABSTAINED, None)
            tracker.case_closed(info.case_id, CaseStatus.ABSTAINED, None, None)
            if not number:
                found = Times()
        tracker.close()
    return found


def _one(
    ledger: SqlLedger,
    tracker: MlflowTracker,
    by_itself: tuple[Alone, Any, Path],
    what: tuple[str, Made],
    found: Times,
) -> None:
    (alone, reader, folder), (case_id, made) = by_itself, what
    start = perf_counter()
    keep(ledger, case_id, made)
    kept = perf_counter()
    view(tracker, case_id, made)
    viewed = perf_counter()
    run = reader.get_run(_run_of(reader, case_id, made.attempt.number))
    ready = folder / "ready" / run.info.run_id
    lay_out(ready, _files(folder / "again" / "artifacts", run, made))
    found.kept.append(kept - start)
    found.viewed.append(viewed - kept)
    found.alone.append(alone.log(run, ready))


def _run_of(reader: Any, case_id: str, number: int) -> str:
    where = f"tags.`tierwise.case_id` = '{case_id}' and tags.`tierwise.attempt` = '{number}'"
    (run,) = reader.search_runs([each.experiment_id for each in reader.search_experiments()], where)
    return str(run.info.run_id)


def _files(artifacts: Path, run: Any, made: Made) -> dict[str, bytes]:
    """What the view wrote of the attempt, and its decision."""
    (own,) = artifacts.glob(f"*/{run.info.run_id}/artifacts")
    found = {str(path.relative_to(own)): path.read_bytes() for path in own.rglob("*") if path.is_file()}
    return {**found, "decision.json": made.decision.model_dump_json(indent=2).encode()}


def guarded(home: Path, cases: int, looks: int = 20) -> tuple[float, list[float]]:
    """Seconds that the first look of the guard takes, and those of later ones, 20 cases after each other."""
    acting, new = home / "open.yaml", home / "new.yaml"
    home.mkdir()
    acting.write_text(POLICY)
    new.write_text(POLICY.replace("policy: open", "policy: new"))
    settings = Settings(home=home, tracking=0.0, canary_policy=str(new), canary_of="open", canary_share=1.0)
    with open_runtime(settings) as runtime:
        solve(runtime, prepare(problem(), str(acting)))
        with open_records(settings) as (ledger, _):
            many = Copies(ledger)
            many.add(cases)
            found = []
            for _ in range(looks + 1):
                asked = prepare(problem(), str(acting))
                found += seconds(lambda: under_its_policy(runtime, asked), 1)  # noqa: B023
                many.add(20)
    return found[0], found[1:]


class Copies:
    """The one case of a ledger, again and again: every twentieth the canary's, the others the other's."""

    def __init__(self, ledger: SqlLedger) -> None:
        """Reads it."""
        self.database, self.number = ledger._database, 1
        with self.database.reading() as connection:
            self.row = dict(connection.execute(select(schema.cases)).mappings().one())

    def add(self, count: int) -> None:
        """Writes so many more, as if they had just been opened and accepted."""
        info, made = json.loads(self.row["info"]), []
        other = info | {"policy_name": "open", "policy_digest": "0" * 64}
        texts = json.dumps(info), json.dumps(other)
        for _ in range(count):
            self.number += 1
            row = {
                "case_id": f"copy-{self.number}",
                "number": self.number,
                "info": texts[self.number % 20 > 0],
            }
            made.append({**self.row, **row, "status": "accepted"})
        with self.database.writing() as connection:
            for start in range(0, count, 1000):
                connection.execute(insert(schema.cases), made[start : start + 1000])


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--guarded", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the homes lie; default: the temporary folder")
    asked = parser.parse_args()
    print(machine())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=asked.folder)))
        times = measured(folder, asked.cases)
        first, later = guarded(folder / "guarded", asked.guarded)
    base = median(times.alone)
    print(row("MLflow alone, an attempt", times.alone))
    for name, found in (
        ("view, an attempt", times.viewed),
        ("ledger and store, an attempt", times.kept),
        ("recording adds to MLflow's own", times.added),
    ):
        print(row(name, found) + f"  ×{median(found) / base:.2f}")
    print(f"target {TARGET_S:.3f} s: {'met' if median(times.added) <= TARGET_S else 'missed'}")
    print(row(f"guard of a canary, first look at {asked.guarded} cases", [first]))
    print(row("guard of a canary, each further case of its", later))


if __name__ == "__main__":
    main()
