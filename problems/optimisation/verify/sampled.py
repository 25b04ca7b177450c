"""The verifier's part of the quantum tier: is the candidate better than its null control, and is either true?

Everything is computed again from what ran: the circuits from the small problem, the samples from the raw
result, the random bits from the digest of the samples, the local search by another, slow program. The answers
are those that one piece of work made of both kinds of sample: neither may be another than it returned.

Two tests of 'no better than uniformly random bits', both on 4·cost after the same local search, one value a
shot, both exact in level where samples are exchangeable:

- `uniform_bits`: is the best answer better because the samples are? Let k be the number of the circuit's
  shots that are strictly better than every random one. Were both kinds of sample exchangeable, the k best of
  all N + M would all be the circuit's with probability C(N, k)/C(N + M, k): a precedence test (Nelson 1963,
  Technometrics 5, 140). It asks for about five such shots at 5 %. An answer that is not strictly better than
  the control's has p = 1: a tie is no advantage.
- `uniform_bits_samples`: are the samples better as a whole? Mann & Whitney's U (1947), one-sided, with the
  normal approximation corrected for ties and for continuity; equal samples give p > 0.5, constant ones p = 1.

Shots that share their noise (a drifting device) are not quite exchangeable; then both tests are approximate.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escalation.model.attempt import Candidate, Done
from escalation.model.blob import Blob
from escalation.model.certificate import Control
from escalation.model.errors import one_line
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.result import RawResult
from problems.optimisation.checking.check import check
from problems.optimisation.forms.spins import SpinForm
from problems.optimisation.loading.instance import OptimisationInstance
from problems.optimisation.model.models import Model, dump, sign
from problems.optimisation.quantum.circuits import SHOTS, AngledCircuits, batch, design
from toolbox.circuits.null_control import uniform_bits, uniform_seed
from toolbox.circuits.samples import packed, unpacked
from toolbox.stats.samples import precedence, rank_test

NAME = "uniform_bits"
REDUCE = "problems.optimisation.quantum.calls:reduce"
FINISH = "problems.optimisation.quantum.calls:finish"

Costs = NDArray[np.int64]


def controls(
    instance: OptimisationInstance, candidate: Candidate, evidence: Sequence[Done]
) -> tuple[tuple[Control, ...], tuple[str, ...]]:
    """Returns the comparisons with the null control, and what is wrong with the candidate's claims.

    Args:
        instance: what was to be solved.
        candidate: with its control `uniform_bits`.
        evidence: the three pieces of work of the attempt with their raw results, by ordinal.
    """
    try:
        return _controls(instance.model, candidate, evidence), ()
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        said = one_line(error, typed=type(error) is not ValueError)[:300]
        return (), (f"null control: {said}",)


def _controls(model: Model, candidate: Candidate, evidence: Sequence[Done]) -> tuple[Control, ...]:
    if set(candidate.controls) != {NAME}:
        raise ValueError(f"expected the control {NAME!r} alone, got {sorted(candidate.controls)}")
    control = candidate.controls[NAME]
    form = _form(model, candidate, evidence)
    result = _ran(form, evidence)
    _finished(candidate, control, evidence)
    quantum = searched(form, samples(result, form.size))
    random = searched(form, _random(uniform_seed(result), form.size))
    costs = [
        _claims(model, name, made.values, int(found.min()))
        for name, made, found in ((NAME, control, random), ("circuit", candidate, quantum))
    ]
    unit = 1 / model.scale
    better = costs[1] < costs[0]
    means = [float(each.mean()) / 4 for each in (random, quantum)]
    return (
        Control(
            name=NAME,
            value=sign(model) * costs[0] * unit,
            difference=(costs[0] - costs[1]) * unit,
            p_value=precedence(quantum, random) if better else 1.0,
        ),
        Control(
            name=f"{NAME}_samples",
            value=sign(model) * means[0] * unit,
            difference=(means[0] - means[1]) * unit,
            p_value=rank_test(quantum, random),
        ),
    )


def _form(model: Model, candidate: Candidate, evidence: Sequence[Done]) -> SpinForm:
    """The small problem, as the work that made it returned it, of this very instance."""
    work, result = evidence[0].work, evidence[0].result
    if not isinstance(work, LocalCall) or work.function != REDUCE or not result.ok:
        raise ValueError("the first piece of work did not make the small problem")
    if work.inputs["model"].digest != Blob(dump(model)).digest:
        raise ValueError("the small problem was made of another instance")
    if candidate.files["subproblem"].digest != result.files["subproblem"].digest:
        raise ValueError("the candidate states another small problem than the one that was made")
    found = json.loads(result.files["subproblem"].data)
    return SpinForm(
        int(found["constant"]),
        np.array(found["field"], dtype=np.int64).reshape(-1),
        np.array(found["pairs"], dtype=np.int64).reshape(-1, 2),
        np.array(found["couplings"], dtype=np.int64).reshape(-1),
    )


def _ran(form: SpinForm, evidence: Sequence[Done]) -> RawResult:
    sent, result = evidence[1].work, evidence[1].result
    if not isinstance(sent, CircuitBatch) or not result.ok:
        raise ValueError("the second piece of work sampled no circuits")
    made: AngledCircuits = design(form)
    if [pub.qasm3 for pub in sent.pubs] != [pub.qasm3 for pub in batch(made, 0).pubs]:
        raise ValueError("the circuits that ran are not those of the small problem")
    return result


def _finished(candidate: Candidate, control: Candidate, evidence: Sequence[Done]) -> None:
    """Both answers come from the third piece of work, which was given what the first two returned alone."""
    if len(evidence) != 3:
        raise ValueError(f"expected three pieces of work, got {len(evidence)}")
    work, result = evidence[2].work, evidence[2].result
    if not isinstance(work, LocalCall) or work.function != FINISH or not result.ok:
        raise ValueError("the third piece of work made no answers of the samples")
    if {name: blob.digest for name, blob in work.inputs.items()} != _given(evidence):
        raise ValueError("the answers were made of something else than the small problem and the samples")
    if work.params != {"seed": uniform_seed(evidence[1].result)}:
        raise ValueError("the null control's bits were drawn from another seed than the samples give")
    for name, made in (("quantum", candidate), ("uniform", control)):
        if made.values["solution"] != result.values[name]["answer"]["solution"]:
            raise ValueError(f"the {name} samples' answer is not the one that was made of them")


def _given(evidence: Sequence[Done]) -> dict[str, str]:
    """What answers are made of, by digest: the instance, the small problem, the samples, a start."""
    reduced, sampled = evidence[0], evidence[1].result.files
    assert isinstance(reduced.work, LocalCall)
    made = {name: blob for name, blob in reduced.result.files.items() if name in ("subproblem", "start")}
    files = {"model": reduced.work.inputs["model"], **made, **sampled}
    return {name: blob.digest for name, blob in files.items()}


def samples(result: RawResult, size: int) -> NDArray[np.int64]:
    """The circuit's samples as spins of the small problem, shape (shots, size): bit v read 0 is spin 1."""
    read = unpacked(packed(result, 0, (1, SHOTS, size)), size)[0]
    spins: NDArray[np.int64] = 1 - 2 * read.astype(np.int64)
    return spins


def _random(seed: int, size: int) -> NDArray[np.int64]:
    return 2 * uniform_bits(seed, SHOTS, size).astype(np.int64) - 1


def searched(form: SpinForm, spins: NDArray[np.int64]) -> Costs:
    """4·cost of every shot after the greedy one-flip descent, in plain integers, one string at a time."""
    near: list[list[tuple[int, int]]] = [[] for _ in range(form.size)]
    for (i, j), coupling in zip(form.pairs.tolist(), form.couplings.tolist(), strict=True):
        near[i].append((j, coupling))
        near[j].append((i, coupling))
    own, known = form.field.tolist(), dict[tuple[int, ...], int]()
    found = []
    for row in spins.tolist():
        key = tuple(row)
        if key not in known:
            known[key] = form.constant + _descended(own, near, row)
        found.append(known[key])
    return np.array(found, dtype=np.int64)


def _descended(own: list[int], near: list[list[tuple[int, int]]], spins: list[int]) -> int:
    pull = [h + sum(c * spins[j] for j, c in near[i]) for i, h in enumerate(own)]
    while True:
        gains = [s * p for s, p in zip(spins, pull, strict=True)]
        best = max(gains)
        if best <= 0:
            break
        flip = gains.index(best)
        spins[flip] = -spins[flip]
        for j, c in near[flip]:
            pull[j] += 2 * c * spins[flip]
    # every coupling is counted from both of its ends, so the pull without the field counts half
    return sum(s * (p + h) for s, p, h in zip(spins, pull, own, strict=True)) // 2


def _claims(model: Model, name: str, values: Mapping[str, Any], best: int) -> int:
    """The cost of an answer, which must be what it says, and no worse than the best sample it had."""
    if values["best_four_cost"] != best:
        raise ValueError(f"{name}: states {values['best_four_cost']} as its best sample, found {best}")
    found = check(model, values["solution"])
    if found.objective is None:
        raise ValueError(f"{name}: {found.faults[0]}")
    if found.objective != values["objective"]:
        raise ValueError(f"{name}: states the objective {values['objective']}, found {found.objective}")
    cost = sign(model) * found.objective
    if 4 * cost > best:
        raise ValueError(f"{name}: its answer costs {cost}, and its best sample {best / 4:g}")
    return cost
