"""The method end to end without a device: its work, its quote, its failures, its null control, its judge."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from escalation.engine.attempting import beyond_quote
from escalation.model.attempt import Candidate, Done
from escalation.model.blob import Blob
from escalation.model.certificate import CertificateStatus
from escalation.model.errors import TierwiseError
from escalation.model.job_state import JobState
from escalation.model.kinds.circuit_batch import CircuitBatch
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Target
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.testing.family import PaperDevice, Solved, drive_method
from problems.optimisation.checking.check import check
from problems.optimisation.loading.instance import OptimisationInstance, OptimisationView
from problems.optimisation.model.models import Model, sign
from problems.optimisation.proofs.model import unpack
from problems.optimisation.quantum import calls
from problems.optimisation.quantum.circuits import SHOTS
from problems.optimisation.quantum.method import ReducedQaoa
from problems.optimisation.verify.certify import certify
from problems.optimisation.verify.sampled import NAME, controls
from tests.problems.optimisation.quantum.small_states import packed, perform, random_model, replaced
from toolbox.circuits.null_control import uniform_seed

SEED = 11


def view(model: Model) -> OptimisationView:
    return OptimisationView(model, "gap", 0.0, 0.2)


def solved(model: Model) -> Solved:
    return drive_method(ReducedQaoa(), view(model), SEED, perform)


def judged(model: Model, candidate: Candidate, done: tuple[Done, ...]) -> tuple[Any, tuple[str, ...]]:
    return controls(OptimisationInstance(model, 0.2), candidate, done)


@pytest.fixture(scope="module")
def ran() -> tuple[Model, Solved]:
    model = random_model("qubo", 7, 3)
    return model, solved(model)


@pytest.mark.parametrize("kind", ["qubo", "max_cut", "independent_set"])
def test_answers_are_feasible_and_what_they_say(kind: str) -> None:
    model = random_model(kind, 6, 2)
    found = solved(model)
    for each in (found.candidate, *found.candidate.controls.values()):
        assert check(model, each.values["solution"]).objective == each.values["objective"]
        assert each.values["kind"] == kind
    proofs = unpack(found.candidate.files["proofs"].data)
    bound = found.candidate.values["bound"]
    assert [sign(model) * p.bound for p in proofs] == ([] if bound is None else [bound])
    compared, faults = judged(model, found.candidate, found.done)
    assert faults == ()
    assert [control.name for control in compared] == [NAME, f"{NAME}_samples"]


def test_a_tie_with_random_bits_is_no_advantage(ran: tuple[Model, Solved]) -> None:
    model, found = ran
    compared, _ = judged(model, found.candidate, found.done)
    # 1,024 random strings of 7 bits hold the optimum: the control cannot be beaten
    assert compared[0].difference == 0.0
    assert compared[0].p_value == 1.0
    assert compared[0].value == found.candidate.values["objective"]


def test_what_is_asked_for_was_quoted(ran: tuple[Model, Solved]) -> None:
    model, found = ran
    quote = ReducedQaoa().quote(view(model), PaperDevice())
    works = tuple(each.work for each in found.done)
    assert [work.kind for work in works] == ["local_call", "circuit_batch", "local_call"]
    assert beyond_quote(quote, [], works) is None
    assert (quote.circuits, quote.shots) == (3, 3 * SHOTS)
    sent = works[1]
    assert isinstance(sent, CircuitBatch)
    asked: list[Work] = []

    class Listening(PaperDevice):
        def estimate(self, work: Work) -> Any:
            asked.append(work)
            return super().estimate(work)

    ReducedQaoa().quote(view(model), Listening())
    quoted = asked[0]
    assert isinstance(quoted, CircuitBatch)
    assert [pub.qasm3 for pub in quoted.pubs] == [pub.qasm3 for pub in sent.pubs]


def test_the_same_results_give_the_same_candidate(ran: tuple[Model, Solved]) -> None:
    model, found = ran
    fed = iter([each.result for each in found.done])
    again = drive_method(ReducedQaoa(), view(model), SEED, lambda _: next(fed))
    assert again.candidate.to_json() == found.candidate.to_json()
    assert [each.work.digest for each in again.done] == [each.work.digest for each in found.done]


@pytest.mark.parametrize("fails", [0, 1, 2])
def test_a_failed_piece_of_work_ends_the_attempt_in_one_line(fails: int, ran: tuple[Model, Solved]) -> None:
    model, found = ran
    results = [each.result for each in found.done]
    results[fails] = RawResult(JobState.FAILED, error="the machine\nsaid no")
    fed = iter(results)
    with pytest.raises(TierwiseError, match="failed: the machine said no") as raised:
        drive_method(ReducedQaoa(), view(model), SEED, lambda _: next(fed))
    assert "\n" not in str(raised.value)


def changed(candidate: Candidate, **values: Any) -> Candidate:
    return dataclasses.replace(candidate, values={**candidate.values, **values})


def with_control(candidate: Candidate, **values: Any) -> Candidate:
    control = changed(candidate.controls[NAME], **values)
    return dataclasses.replace(candidate, controls={NAME: control})


def test_false_claims_are_found(ran: tuple[Model, Solved]) -> None:
    model, found = ran
    good = found.candidate
    size = model.size
    worse = {"bits": "".join("10"[int(b)] for b in good.values["solution"]["bits"])}
    value = check(model, worse).objective
    assert value is not None
    assert sign(model) * value > sign(model) * good.values["objective"]
    cases = {
        "weak control": (with_control(good, solution=worse, objective=value), found.done),
        "control's objective off by one": (
            with_control(good, objective=good.values["objective"] - 1),
            found.done,
        ),
        "control's samples": (with_control(good, best_four_cost=0), found.done),
        "own samples": (changed(good, best_four_cost=good.values["best_four_cost"] - 4), found.done),
        "no control": (dataclasses.replace(good, controls={}), found.done),
        "other name": (dataclasses.replace(good, controls={"x": good.controls[NAME]}), found.done),
        "no evidence": (good, ()),
        "samples of another shape": (
            good,
            replaced(found.done, 1, **{"bits-0.npy": packed(np.ones((5, size), dtype=np.uint8))}),
        ),
        "other small problem": (
            dataclasses.replace(good, files={**good.files, "subproblem": Blob(b"{}")}),
            found.done,
        ),
        "garbled small problem": (
            dataclasses.replace(good, files={**good.files, "subproblem": Blob(b"{}")}),
            replaced(found.done, 0, subproblem=Blob(b"{}")),
        ),
        "circuits swapped": (good, (found.done[0], found.done[0], found.done[2])),
    }
    for name, (candidate, done) in cases.items():
        compared, faults = judged(model, candidate, done)
        assert faults, name
        assert not compared, name
        assert all("\n" not in fault for fault in faults)
    _, faults = judged(random_model("qubo", 7, 4), good, found.done)
    assert "another instance" in faults[0]


def test_other_circuits_than_the_small_problems_are_found(ran: tuple[Model, Solved]) -> None:
    model, found = ran
    sent = found.done[1].work
    assert isinstance(sent, CircuitBatch)
    pubs = (
        dataclasses.replace(sent.pubs[0], qasm3=sent.pubs[0].qasm3.replace("rz(", "rz(-")),
        *sent.pubs[1:],
    )
    other = Done(dataclasses.replace(sent, pubs=pubs), found.done[1].result)
    _, faults = judged(model, found.candidate, (found.done[0], other, found.done[2]))
    assert "not those of the small problem" in faults[0]


def test_answers_that_were_not_made_of_the_samples_are_found() -> None:
    model = random_model("max_cut", 6, 2)
    found = solved(model)
    done, good = found.done, found.candidate
    turned = {"bits": good.controls[NAME].values["solution"]["bits"].translate(str.maketrans("01", "10"))}
    work = done[2].work
    assert isinstance(work, LocalCall)
    assert check(model, turned).objective == good.controls[NAME].values["objective"]

    def last(**changes: Any) -> tuple[Done, ...]:
        return (*done[:2], Done(dataclasses.replace(work, **changes), done[2].result))

    start = {**work.inputs, "start": Blob(b"{}")}
    cases = {
        "uniform samples' answer": (with_control(good, solution=turned), done),
        "quantum samples' answer": (changed(good, solution=turned), done),
        "another seed": (good, last(params={"seed": work.params["seed"] + 1})),
        "something else": (good, last(inputs=start)),
        "made no answers": (good, last(function="problems.optimisation.quantum.calls:reduce")),
        "three pieces": (good, (*done, done[2])),
    }
    assert judged(model, good, done)[1] == ()
    for said, (candidate, evidence) in cases.items():
        compared, faults = judged(model, candidate, evidence)
        assert not compared, said
        assert said in faults[0]


def test_the_random_bits_are_drawn_anew_for_every_batch_of_samples() -> None:
    # so that no seed of the problem or the batch can be chosen by what the control would draw
    samples = [packed(np.full((SHOTS, 3), bit, dtype=np.uint8)) for bit in (0, 1)]
    seeds = {uniform_seed(RawResult(JobState.DONE, files={"bits-0.npy": each})) for each in samples}
    assert len(seeds) == 2


def test_circuits_without_a_null_control_are_invalid(ran: tuple[Model, Solved]) -> None:
    model, found = ran
    alone = dataclasses.replace(found.candidate, controls={})
    target = Target(metric="gap", at_most=1e9)
    for candidate, invalid in ((found.candidate, False), (alone, True)):
        certificate = certify(OptimisationInstance(model, 0.2), target, candidate, found.done, 0.05)
        assert (certificate.status is CertificateStatus.INVALID) == invalid, certificate.reasons


def test_a_larger_instance_is_made_smaller_and_keeps_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "bound", lambda *_: None)  # the engines' bounds have tests of their own
    model = random_model("max_cut", 40, 5, density=0.3)

    def even(work: Work) -> RawResult:
        """Sixteen qubits are too many for the slow twin: any samples will do here."""
        if isinstance(work, CircuitBatch):
            size = int(work.pubs[0].qasm3.split("qubit[")[1].split("]")[0])
            rng = np.random.default_rng(work.seed)
            bits = [rng.integers(0, 2, (SHOTS, size), dtype=np.uint8) for _ in work.pubs]
            return RawResult(JobState.DONE, files={f"bits-{k}.npy": packed(b) for k, b in enumerate(bits)})
        return perform(work)

    found = drive_method(ReducedQaoa(), view(model), SEED, even)
    assert json.loads(json.dumps(found.candidate.notes["reduction"]))["how"] == "neighbourhood"
    assert found.candidate.values["objective"] >= found.candidate.notes["reduction"]["start"]
    compared, faults = judged(model, found.candidate, found.done)
    assert faults == ()
    assert compared[0].p_value == 1.0 or compared[0].difference > 0
