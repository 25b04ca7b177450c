"""What was found, a line of JSON a set and contestant, so that an interrupted run goes on."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from toolbox.arrays.types import Floats

TAKE_SECONDS = ("tierwise", "flaml", "autogluon", "autogluon_best")
PARTS = ("hpc", "ai")
"""What of an answer of ours is kept apart."""


@dataclass(frozen=True)
class Entered:
    """A contestant: its name, and the seconds that it is given; None for none."""

    name: str
    seconds: float | None

    @property
    def label(self) -> str:
        """`flaml 20 s`, `forest`."""
        if self.name in TAKE_SECONDS:
            return f"{self.name} {'free' if self.seconds is None else f'{self.seconds:g} s'}"
        return self.name


@dataclass(frozen=True)
class Line:
    """What became of a contestant on a set.

    Attributes:
        table: name of the set.
        contestant: `Entered.label`, or `tierwise 20 s: ai` for a tier of it.
        wall_s: from the start of its process to its end, of a tier the attempt's.
        cpu_s: of processors, likewise.
        estimate: of the metric on sealed rows; None where it gave no answer.
        bound: one-sided.
        method: of the bound.
        said: what it chose, or why there is no answer.
        predictions: file that has them, in the folder of the lines.
    """

    table: str
    contestant: str
    wall_s: float
    cpu_s: float
    estimate: float | None
    bound: float | None
    method: str
    said: str
    predictions: str


@dataclass(frozen=True)
class Lines:
    """The lines in a folder."""

    folder: Path

    def read(self) -> Iterator[Line]:
        """In order; half a line that an interruption left is passed over."""
        path = self.folder / "lines.jsonl"
        for text in path.read_text().splitlines() if path.exists() else []:
            try:
                yield Line(**json.loads(text))
            except (json.JSONDecodeError, TypeError):
                continue

    def add(self, line: Line, predictions: Floats | None) -> None:
        """The predictions first: a line that is there has its file."""
        if predictions is not None:
            path = self.folder / line.predictions
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, predictions, allow_pickle=False)
        with (self.folder / "lines.jsonl").open("a") as file:
            file.write("\n" * self._broken() + json.dumps(asdict(line)) + "\n")

    def _broken(self) -> bool:
        path = self.folder / "lines.jsonl"
        text = path.read_bytes() if path.exists() else b""
        return bool(text) and not text.endswith(b"\n")


def file_of(table: str, contestant: str) -> str:
    """The file of predictions, in the folder of the lines."""
    return f"predictions/{table}.{contestant.replace(': ', '.').replace(' ', '_')}.npy"
