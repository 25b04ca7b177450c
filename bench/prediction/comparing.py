"""Has each contestant predict each set's sealed rows, and judges all of them alike."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.prediction.environments import interpreter
from bench.prediction.gathering import gathered
from bench.prediction.handing import hand
from bench.prediction.judging import Judge
from bench.prediction.lines import Entered, Line, Lines, file_of
from bench.prediction.ours import LATE, solve
from bench.prediction.running import Run, run
from bench.prediction.sets import SEED, Table
from escalation.model.errors import BadInput
from problems.prediction.family import Prediction
from problems.prediction.tables.instance import TableInstance
from toolbox.arrays.types import Floats

OUTSIDE = Path(__file__).with_name("outside.py")
IN = {"linear": "sklearn", "forest": "sklearn", "boosting": "sklearn", "autogluon_best": "autogluon"}
"""The environment that is not named as the contestant."""
WITHOUT_TIMES = ("flaml", "autogluon", "autogluon_best")
"""Who has no model for times with censoring."""


class Comparison:
    """A run over sets.

    Args:
        data: folder of public data.
        environments: folder of environments.
        out: folder of lines and predictions.
        seconds: after which, and some more, everybody is stopped.
    """

    def __init__(self, data: Path, environments: Path, out: Path, seconds: float) -> None:
        self.data, self.environments, self.lines, self.seconds = data, environments, Lines(out), seconds
        self.rows = out / "rows"

    def go(self, tables: Sequence[Table], entered: Sequence[Entered]) -> None:
        """Does what is left; a set that cannot be read here is left out with a line that says so."""
        self.rows.mkdir(parents=True, exist_ok=True)
        done = {(line.table, line.contestant) for line in self.lines.read()}
        for place, table in enumerate(tables, start=1):
            left = [each for each in entered if (table.name, each.label) not in done and fits(each, table)]
            if not left:
                continue
            try:
                instance = self.load(table)
            except (BadInput, OSError) as error:
                print(f"{table.name}: left out: {error}", file=sys.stderr)
                continue
            judge = Judge.of(instance, table.metric, SEED)
            for each in left:
                for line, predictions in self._of(each, table, instance, judge):
                    self.lines.add(line, predictions)
                    shown = "none" if line.estimate is None else f"{line.estimate:.4f}"
                    print(
                        f"[{place}/{len(tables)}] {table.name:16} {line.contestant:20} {shown:>9} "
                        f"{line.wall_s:6.1f} s, {line.cpu_s:6.1f} CPU s  {line.said[:60]}",
                        file=sys.stderr,
                        flush=True,
                    )

    def load(self, table: Table) -> TableInstance:
        """The set, split."""
        gathered(table, self.rows, self.data, self.environments)
        return Prediction().load(dict(table.instance), SEED, self.rows)

    def _of(
        self, each: Entered, table: Table, instance: TableInstance, judge: Judge
    ) -> Iterator[tuple[Line, Floats | None]]:
        if each.name != "tierwise":
            took, predictions, said = self._outside(each, table, instance, judge)
            yield _line(judge, table, each.label, took, predictions, said=said), predictions
            return
        took, attempts = solve(table, self.rows, each.seconds, instance.digest)
        for tier in attempts:
            of_tier = Run(took.code, tier.wall_s, tier.cpu_s, "")
            label = f"{each.label}: {tier.tier}"
            yield _line(judge, table, label, of_tier, tier.predictions, said=tier.said), tier.predictions
        answer = next((tier for tier in attempts if tier.answers and tier.predictions is not None), None)
        why = "; ".join(tier.said for tier in attempts) or took.said or "stopped at its limit"
        said = f"{answer.tier}: {answer.said}" if answer else why
        found = answer.predictions if answer else None
        yield _line(judge, table, each.label, took, found, said=said), found

    def _outside(
        self, each: Entered, table: Table, instance: TableInstance, judge: Judge
    ) -> tuple[Run, Floats | None, str]:
        with tempfile.TemporaryDirectory(prefix="tierwise-bench-") as where:
            folder = Path(where)
            hand(instance, table.metric, SEED, folder)
            python = interpreter(self.environments, IN.get(each.name, each.name))
            seconds = self.seconds if each.seconds is None else each.seconds
            command = [python, OUTSIDE, each.name, folder, seconds, time.time()]
            alone = {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "", "TMPDIR": os.fspath(folder)}
            took = run([str(part) for part in command], folder, LATE * seconds + 10, alone)
            if took.code != 0:
                return took, None, took.said or "stopped at its limit"
            try:
                said = json.loads((folder / "said.json").read_text()).get("chosen", "")
                return took, judge.read(folder / "predictions.npy"), said
            except (BadInput, OSError, ValueError) as error:
                return took, None, str(error)


def fits(each: Entered, table: Table) -> bool:
    """Whether a contestant has models for what is asked."""
    return table.instance.get("task") != "time_to_event" or each.name not in WITHOUT_TIMES


def _line(
    judge: Judge, table: Table, label: str, took: Run, predictions: Floats | None, *, said: str
) -> Line:
    found = None if predictions is None else judge.judge(predictions)
    return Line(
        table.name,
        label,
        round(took.wall_s, 3),
        round(took.cpu_s, 3),
        found.estimate if found else None,
        found.bound if found else None,
        found.method if found else "",
        said,
        file_of(table.name, label),
    )
