"""Features as work: a pure function of rows, called on chunks of them, in parallel, once for equal chunks.

How a source uses it, with a function of its own that looks at each row by itself:

    # problems/prediction/sources/NAME/features.py
    def features(chunk, *, bins: int) -> Floats:            # (len(chunk), columns), NaN where missing
        ...

    # problems/prediction/sources/NAME/reading.py
    work = FeatureWork("problems.prediction.sources.NAME.features:features", version=1, params={"bins": 16})
    array = make_features(work, rows, what="windows")       # (len(rows), columns)

`rows` is one array whose first axis are the rows, or a list with an array (of whatever shape), a text or
bytes for each row. The function gets a part of it of the same kind, and the parameters by name, which are
JSON. It must be *row by row*: what it returns for a row may depend on nothing else than the row and the
parameters (whatever is fitted over rows is fitted later, on open rows, inside the folds), and it returns as
many columns for every chunk. It may raise `BadInput`; readers refuse bad files before. `version` rises when
its numbers change for a reason that lies outside its folder: a change of any module there is noticed.

Chunks are cut by the number of rows alone, so the numbers do not depend on how many processes there are. What
a chunk gave is kept in the folder `store-features` of the home by the SHA-256 of function, version, code,
parameters, versions of NumPy and SciPy, and the chunk's bytes: another tier, case or run on the same rows
finds it; a damaged file is found out and made anew. The first chunk is computed here; where the others would
take longer than `WORTH_S` at that pace, as many processes as the setting `TIERWISE_RANKS` says share them.
They are no MPI world: instances are loaded before a case is open, and also where a record is verified.
None of the processes outlives the call, however it ends. Where somebody names a machine (`tierwise features`)
the chunks go over the ranks of its MPI programs instead, and every later reading finds them made.
"""

import inspect
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import ThreadPoolExecutor as Threads
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from escalation.model.identity import digest_bytes, digest_json
from escalation.ports.ahead import RunProgram, program_runner
from escalation.ports.configuration import mpi_ranks, settings
from problems.prediction.sources import chunks
from problems.prediction.sources.chunks import Rows
from problems.prediction.sources.made_before import MadeBefore
from problems.prediction.sources.maker import make
from problems.prediction.sources.makers import Makers
from problems.prediction.sources.over_ranks import MOST_BYTES, made_over_ranks, program_of
from toolbox.arrays.types import Floats

CHUNK_ROWS = 256
WORTH_S = 2.0
"""Seconds of work from which on further processes are started, which takes each about half a second."""
SILENT_S = 3.0
"""Seconds before progress is told, and between two lines of it."""

_log = logging.getLogger(__name__)
Tell = Callable[[str], None]


@dataclass(frozen=True)
class FeatureWork:
    """A function of rows with its parameters.

    Attributes:
        function: `module:function`.
        version: of its numbers.
        params: JSON, given by name.
    """

    function: str
    version: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)

    def key(self, chunk: bytes) -> str:
        """The SHA-256 of all that the features of a chunk depend on."""
        return digest_json([self.identity, digest_bytes(chunk)])

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Function, parameters, and the digest of its code."""
        source = Path(str(inspect.getsourcefile(import_module(self.function.partition(":")[0]))))
        beside = sorted(source.parent.glob("*.py")) if (source.parent / "__init__.py").exists() else [source]
        return {
            "function": self.function,
            "version": self.version,
            "params": dict(self.params),
            "code": digest_bytes(b"".join(path.read_bytes() for path in beside)),
            "packages": [version("numpy"), version("scipy")],
        }


def make_features(
    work: FeatureWork,
    rows: Rows,
    *,
    what: str = "features",
    chunk_rows: int = CHUNK_ROWS,
    tell: Tell | None = None,
) -> Floats:
    """Returns the features of all rows, shape (rows, columns).

    Args:
        work: the function.
        rows: at least one; see `chunks.Rows`.
        what: how people are told what is made: `features of pictures`.
        chunk_rows: rows a chunk; fewer where a row takes long, or is large.
        tell: is given lines of progress; a line on a terminal by default, else the log.

    Raises:
        BadInput: what the function says of the rows.
        MachineFault: when the processes die under it.
        Exception: what else the function raises.
    """
    return _Making(work, rows, chunk_rows, _Progress(what, len(rows), tell)).all()


class _Making:
    def __init__(self, work: FeatureWork, rows: Rows, chunk_rows: int, progress: "_Progress") -> None:
        self.work, self.rows, self.progress = work, rows, progress
        self.starts = range(0, len(rows), chunk_rows)
        self.chunk_rows = chunk_rows
        self.kept = MadeBefore(settings().home)
        self.made: dict[int, Floats] = {}
        self.keys: dict[int, str] = {}

    def all(self) -> Floats:
        missing = [start for start in self.starts if not self._found(start)]
        if missing:
            begun = time.monotonic()
            self._put(missing[0], make(self.work.function, self.work.params, self._chunk(missing[0])))
            rest, pace_s = missing[1:], time.monotonic() - begun
            processes = min(mpi_ranks(), len(rest))
            if rest and (run := program_runner()) is not None:
                self._over_ranks(rest, run, pace_s)
            elif processes > 1 and pace_s * len(rest) > WORTH_S:
                self._in_parallel(rest, processes)
            else:
                for start in rest:
                    self._put(start, make(self.work.function, self.work.params, self._chunk(start)))
            self.kept.trim()
        self.progress.done()
        widths = {array.shape[1] for array in self.made.values()}
        if len(widths) != 1:
            raise ValueError(
                f"{self.work.function}: expected as many columns of every chunk, got {sorted(widths)}"
            )
        return np.concatenate([self.made[start] for start in self.starts])

    def _in_parallel(self, starts: Sequence[int], processes: int) -> None:
        """The threads only wait: each asks a process of its own."""
        with Makers(self.work.function, self.work.params) as makers, Threads(processes) as threads:
            # a chunk becomes bytes when its turn comes: all at once would be all of the rows once more
            pending = {
                threads.submit(lambda at: makers.make(chunks.dump(self._chunk(at))), start): start
                for start in starts
            }
            try:
                for future in _as_done(set(pending)):
                    self._put(pending[future], future.result())
            finally:
                makers.close()  # now, or the threads would wait for work that nobody wants
                threads.shutdown(cancel_futures=True)

    def _over_ranks(self, starts: Sequence[int], run: RunProgram, pace_s: float) -> None:
        """A program after the other, each with as many chunks as go into its memory."""
        dumped: dict[str, bytes] = {}
        for start in starts:
            dumped[f"chunk-{start:012d}"] = chunks.dump(self._chunk(start))
            if start == starts[-1] or sum(map(len, dumped.values())) > MOST_BYTES:
                program = program_of(self.work.function, self.work.params, dumped, pace_s)
                for name, array in made_over_ranks(run, program).items():
                    self._put(int(name.removeprefix("chunk-")), array)
                dumped = {}

    def _chunk(self, start: int) -> Rows:
        return self.rows[start : start + self.chunk_rows]

    def _found(self, start: int) -> bool:
        chunk = self._chunk(start)
        self.keys[start] = self.work.key(chunks.dump(chunk))
        found = self.kept.get(self.keys[start], len(chunk))
        if found is not None:
            self.made[start] = found
        return found is not None

    def _put(self, start: int, made: Floats) -> None:
        self.made[start] = made
        self.kept.put(self.keys[start], made)
        self.progress.step(sum(map(len, self.made.values())))


def _as_done(pending: set[Future[Floats]]) -> Iterator[Future[Floats]]:
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        yield from done


class _Progress:
    """Tells how far it is, where it takes long."""

    def __init__(self, what: str, total: int, tell: Tell | None) -> None:
        self._what, self._total, self._tell = what, total, tell or _aside
        self._next_s, self._told = time.monotonic() + SILENT_S, False

    def step(self, rows: int) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s, self._told = time.monotonic() + SILENT_S, True
            self._tell(f"{self._what}: {rows} of {self._total} rows, {rows / self._total:.0%}")

    def done(self) -> None:
        if self._told:
            self._tell(f"{self._what}: {self._total} rows, done")


def _aside(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{line}\n")
    else:
        _log.info(line)


def changed(work: FeatureWork, recorded: Mapping[str, Any]) -> tuple[str, ...]:
    """What is to be said where features are made by other code, or with other packages, than was recorded."""
    if work.identity == recorded:
        return ()
    return ("features are made by another version of the code, or of its packages, than the model's were",)
