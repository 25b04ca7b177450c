"""Runs the portfolio as the hpc tier runs it, and has the verifier judge what it returns."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from backends.mpi.backend import MpiBackend
from escalation.inputs.settings import Settings
from escalation.model.attempt import Done
from escalation.model.certificate import Certificate
from escalation.model.problem import Target
from escalation.model.result import RawResult
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.models import Model
from problems.optimisation.tiers.hpc import Portfolio, candidate
from problems.optimisation.verify.certify import certify


@dataclass(frozen=True)
class Run:
    """One search and what the verifier made of it.

    Attributes:
        objective: of the answer, stated; None: no feasible answer.
        bound: verified, stated; None: none.
        gap: relative, by the verified bound; infinite without one.
        claimed_gap: the same by what the engines state, which nobody may be able to show again.
        seconds: until the last improvement of answer or bound, launcher and imports apart.
        verify_s: of the verifier.
        certificate: the verifier's; None without an answer.
        timeline: incumbents and claimed bounds with seconds, as the portfolio tells them.
    """

    objective: float | None
    bound: float | None
    gap: float
    claimed_gap: float
    seconds: float
    verify_s: float
    certificate: Certificate | None
    timeline: tuple[dict[str, Any], ...]

    @property
    def proven(self) -> bool:
        """Whether the verified bound meets the answer."""
        return self.gap == 0


@contextmanager
def bench() -> Iterator["RankRunner"]:
    """Yields a bench with a folder and an MPI backend of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        backend = MpiBackend(Settings(home=Path(folder)), None)
        try:
            yield RankRunner(backend, Path(folder))
        finally:
            backend.close()


class RankRunner:
    """Runs portfolios, one at a time."""

    def __init__(self, backend: MpiBackend, folder: Path) -> None:
        self._backend, self._folder, self._count = backend, folder, 0

    def run(
        self,
        model: Model,
        seconds: float,
        seed: int = 1,
        target: Target | None = None,
        portfolio: Portfolio | None = None,
    ) -> Run:
        """Searches for so many seconds at most, and certifies."""
        target = target or Target(metric="absolute_gap", at_most=0.0)
        instance = OptimisationInstance(model, seconds)
        work = (portfolio or Portfolio()).work(instance.view(target), seed)
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        handle = self._backend.submit(work, folder)
        while not self._backend.wait(handle, 60).state.final:
            pass
        result = self._backend.result(handle)
        return judged(instance, target, Done(work, result), result)


def judged(instance: OptimisationInstance, target: Target, done: Done, result: RawResult) -> Run:
    """What the verifier finds; an answer that it calls INVALID stops the benchmark."""
    if not result.ok:
        raise RuntimeError(f"the search failed: {result.error}")
    story = json.loads(result.evidence["portfolio.json"].data)
    last_s = max((find["s"] for find in story["timeline"]), default=0.0)
    if result.values["solution"] is None:
        return Run(None, None, float("inf"), float("inf"), last_s, 0.0, None, tuple(story["timeline"]))
    start = perf_counter()
    found = certify(instance, target, candidate(result), (done,), 0.05)
    verify_s = perf_counter() - start
    if found.status == "INVALID":
        raise RuntimeError(f"INVALID: {'; '.join(found.reasons)}")
    told: dict[str, Any] = dict(found.evidence)
    return Run(
        told["objective"],
        told["bound"],
        float("inf") if told["gap"] is None else told["gap"],
        _gap(told["objective"], told["bound_claimed"]),
        last_s,
        verify_s,
        found,
        tuple(story["timeline"]),
    )


def _gap(objective: float, bound: float | None) -> float:
    return float("inf") if bound is None else abs(objective - bound) / max(abs(objective), 1e-9)
