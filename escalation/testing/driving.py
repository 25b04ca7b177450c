"""Drives a method by hand: no ledger, no backends; whoever asks says what each piece of work comes to."""

from collections.abc import Callable
from typing import Any

from escalation.model.attempt import Candidate, Done
from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.report import Report
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.registry import resolve

Driven = tuple[Candidate, list[Done]]


def called(work: LocalCall) -> RawResult:
    """Has the function called in this process."""
    output = resolve(work.function)(
        dict(work.params), {name: blob.data for name, blob in work.inputs.items()}, Report()
    )
    return RawResult(JobState.DONE, output.values, {name: Blob(data) for name, data in output.files.items()})


def driven(method: Any, view: Any, seed: int, run: Callable[[Work], RawResult]) -> Driven:
    """Feeds the generator of a method; returns its candidate and everything that ran, by ordinal."""
    generator, done = method.solve(view, seed), list[Done]()
    yielded = next(generator)
    while True:
        works = yielded if isinstance(yielded, tuple) else (yielded,)
        results = tuple(run(work) for work in works)
        done += [Done(work, result) for work, result in zip(works, results, strict=True)]
        try:
            yielded = generator.send(results if isinstance(yielded, tuple) else results[0])
        except StopIteration as stop:
            return stop.value, done
