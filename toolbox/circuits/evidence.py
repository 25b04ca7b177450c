"""Whether the circuits that ran are those that were asked for, looked up in an attempt's evidence."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from escalation.model.attempt import Done
from escalation.model.kinds.circuits import Circuits
from escalation.model.kinds.expectation_batch import ExpectationBatch
from escalation.model.pauli import Observable, observable
from escalation.model.result import RawResult
from escalation.text.wording import with_article
from toolbox.arrays import npy
from toolbox.arrays.types import Floats

Batch = TypeVar("Batch", bound=Circuits[Any])


def ran(ordinal: Any, evidence: Sequence[Done], kind: type[Batch]) -> tuple[Batch, RawResult]:
    """Returns the work that a candidate names by its ordinal, and its result.

    Raises:
        ValueError: when it is not there, is of another kind, or failed.
    """
    if type(ordinal) is not int or not 0 <= ordinal < len(evidence):
        raise ValueError(f"names work {ordinal!r}, but the evidence holds {len(evidence)} pieces of work")
    done = evidence[ordinal]
    if not isinstance(done.work, kind):
        raise ValueError(f"names work {ordinal} as its circuits, but that is {with_article(done.work.kind)}")
    if not done.result.ok:
        raise ValueError(f"rests on work {ordinal}, which ended {done.result.state}: {done.result.error}")
    return done.work, done.result


def expect_observables(work: ExpectationBatch, expected: Sequence[Sequence[Observable]]) -> None:
    """Raises `ValueError` unless every pub was asked for these observables, in this order."""
    wanted = [tuple(map(observable, each)) for each in expected]
    if [pub.observables for pub in work.pubs] != wanted:
        raise ValueError("the observables that were estimated are not those that the candidate states")


def estimates(work: ExpectationBatch, result: RawResult, number: int) -> tuple[Floats, Floats]:
    """Returns expectation values and standard errors of pub `number`, shape (sets, observables) both.

    Raises:
        ValueError: on another type or shape, values that are not finite, or errors below 0.
        KeyError: where there are none.
    """
    pub = work.pubs[number]
    shape = (pub.sets, len(pub.observables))
    evs, stds = (
        npy.load(result.files[f"{name}-{number}.npy"].data, np.float64, shape, f"{name} of pub {number}")
        for name in ("evs", "stds")
    )
    if not (np.isfinite(evs).all() and np.isfinite(stds).all() and (stds >= 0).all()):
        raise ValueError(f"expected finite values and errors of 0 or more from pub {number}")
    return evs, stds
