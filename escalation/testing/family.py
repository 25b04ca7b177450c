"""What every family must do, checked by running it. A family inherits this by having a descriptor.

`check_family(descriptor)` runs every check on the descriptor's sample, its work on this machine's own
backends, and raises `ContractBroken` on the first that fails.
"""

import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalation.engine.attempting import beyond_quote
from escalation.inputs.settings import Settings
from escalation.model.amounts import Bounds, Caps
from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Done
from escalation.model.blob import Blob
from escalation.model.calibration import DeviceKind
from escalation.model.certificate import Certificate, CertificateStatus
from escalation.model.errors import BadInput, TierwiseError
from escalation.model.identity import canonical_json, digest_json
from escalation.model.job_state import JobState
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.fact_providers import FactContext
from escalation.ports.machines import Backend
from escalation.ports.methods import Method
from escalation.ports.registry import BackendDescriptor, FamilyDescriptor, backends, resolve
from escalation.testing.contract import expect
from escalation.testing.descriptor import check_descriptor
from escalation.testing.sources import check_sources
from escalation.testing.told import check_answer_said, check_asked, check_help, check_line, check_picture

PATIENCE_S = 240.0
RECORDS = "records.testing.exports:check_exports"
"""What the records do with every family; named as text, because they are built on this room."""
Perform = Callable[[Work], RawResult]
SEED = 20261120
ALPHA = 0.05 / 3


@dataclass(frozen=True)
class PaperDevice:
    """A device that only counts what it is asked about."""

    name: str = "paper"
    kind: DeviceKind = DeviceKind.IDEAL_SIMULATOR

    def estimate(self, work: Work) -> Quote:
        """Bounds by the work's own limits."""
        asked = work.demand()
        return Quote(amounts=Bounds(wall_s=work.resources.wall_s), circuits=asked.circuits, shots=asked.shots)


@dataclass(frozen=True)
class Solved:
    """A method's run: what was asked, what came back, the candidate."""

    method: Method
    done: tuple[Done, ...]
    candidate: Candidate


def _place(kind: str) -> BackendDescriptor:
    """The free backend that runs the kind and is furthest from hardware."""
    order = list(DeviceKind)
    found = [each for each in backends().values() if kind in each.accepts]
    ranked = sorted(found, key=lambda each: (order.index(each.device_kind(None)), each.name))
    expect(bool(ranked), f"expected a backend that accepts {kind}, found none")
    return ranked[0]


@contextmanager
def performing() -> Iterator[Perform]:
    """Carries work out on the backends of this machine, until it is left."""
    made: dict[str, Backend] = {}

    def perform(work: Work) -> RawResult:
        if work.kind not in made:
            made[work.kind] = _place(work.kind).open(Settings(home=home), None)
        backend = made[work.kind]
        handle = backend.submit(work, Path(tempfile.mkdtemp(dir=home)))
        state = backend.wait(handle, PATIENCE_S).state
        expect(state.final, f"expected the work to end within {PATIENCE_S:g} s, it is {state}")
        return backend.result(handle)

    with tempfile.TemporaryDirectory(prefix="tierwise-contract-") as folder:
        home = Path(folder)
        try:
            yield perform
        finally:
            for backend in made.values():
                backend.close()


def check_family(descriptor: FamilyDescriptor, perform: Perform | None = None) -> None:
    """Runs the contract over one family.

    Args:
        descriptor: as the registry has it.
        perform: carries work out; by default as `performing` does, and the sample's case is then exported,
            verified, changed and replayed as well.

    Raises:
        ContractBroken: at the first thing that a family must do and this one does not.
    """
    if perform is not None:
        _check(descriptor, perform)
        return
    with performing() as on_this_machine:
        _check(descriptor, on_this_machine)
    resolve(RECORDS)(descriptor)


def _check(descriptor: FamilyDescriptor, perform: Perform) -> None:
    family = resolve(descriptor.family)()
    expect(family.name == descriptor.name, f"expected the name {descriptor.name!r}, got {family.name!r}")
    target = Target.model_validate(dict(descriptor.sample_target))
    instance = _check_loading(family, descriptor, target)
    check_asked(family.asked(instance, target))
    check_descriptor(family, descriptor, check_sources(family, descriptor))
    view = family.view(instance, target)
    methods = tuple(family.methods())
    _check_methods(methods)
    _check_facts(family, descriptor, target, view)
    solved = [_check_method(method, view, perform) for method in methods]
    for each in solved:
        certificate = _check_certificate(family, instance, target, each)
        _check_answer(family, instance, target, each, certificate)
    _check_cheats(family, instance, target, solved)


def _check_loading(family: Any, descriptor: FamilyDescriptor, target: Target) -> Any:
    family.check_target(target)
    with _refuses("a target of an unknown metric"):
        family.check_target(Target(metric="no such metric", at_least=1.0))
    folder = Path(tempfile.gettempdir())
    with _refuses("an unknown field"):
        family.load({**descriptor.sample, "no_such_field": 1}, SEED, folder)
    with _refuses("an empty instance"):
        family.load({}, SEED, folder)
    instance = family.load(dict(descriptor.sample), SEED, folder)
    again = family.load(dict(descriptor.sample), SEED, folder)
    expect(instance.digest == again.digest, "loading the same instance twice gives two digests")
    canonical_json(dict(instance.describe()))
    about = instance.about()
    expect(bool(about.strip()) and "\n" not in about, f"expected a line on the instance, got {about!r}")
    views = [family.view(each, target).digest for each in (instance, again)]
    expect(views[0] == views[1], "the same instance gives two solver views")
    return instance


def _check_methods(methods: tuple[Method, ...]) -> None:
    names = [method.name for method in methods]
    expect(bool(names), "a family needs a method")
    expect(len(set(names)) == len(names), f"method names must differ, got {names}")


def _check_facts(family: Any, descriptor: FamilyDescriptor, target: Target, view: Any) -> None:
    problem = Problem(family=family.name, instance=dict(descriptor.sample), target=target, seed=SEED)
    context = FactContext(problem, Caps(), view, None, None, None, (), 0.0, SEED)
    for provider in family.facts():
        fact = provider.evaluate(context)
        expect(fact.name == provider.spec.name, f"{provider.spec.name}: evaluates to {fact.name}")
        expect(fact.value is not None or bool(fact.note), f"{fact.name}: unknown without a reason")
        expect(not fact.note.startswith("not a"), f"{fact.name}: {fact.note}")


def _check_method(method: Method, view: Any, perform: Perform) -> Solved:
    """Runs the method; its work is data, within its quote, and the same when it is driven again."""
    quote = method.quote(view, PaperDevice())
    solved = drive_method(method, view, SEED, perform)
    works = [each.work for each in solved.done]
    over = beyond_quote(quote, [], tuple(works))
    expect(over is None, f"{method.name} passes its own quote: {over}")
    for work in works:
        expect(digest_json(work.to_json()) == work.digest, f"{method.name}: work is not plain data")
    fed = iter([each.result for each in solved.done])
    again = drive_method(method, view, SEED, lambda _: next(fed))
    expect(
        [each.work.digest for each in again.done] == [w.digest for w in works], f"{method.name}: other work"
    )
    same = digest_json(again.candidate.to_json()) == digest_json(solved.candidate.to_json())
    expect(same, f"{method.name}: fed the same results, it returns another candidate")
    _check_failure(method, view)
    return solved


def _check_failure(method: Method, view: Any) -> None:
    """Sent nothing but failed results, a method says so in one line."""
    failed = RawResult(JobState.FAILED, error="told to fail by the contract")
    try:
        drive_method(method, view, SEED, lambda _: failed)
    except TierwiseError as error:
        expect("\n" not in str(error), f"{method.name}: more than one line: {error}")
    else:
        expect(False, f"{method.name}: returned a candidate made of failed results")


def drive_method(method: Method, view: Any, seed: int, perform: Perform) -> Solved:
    """Drives a method's generator to its end, one piece of work after the other."""
    done: list[Done] = []
    solve: Generator[Any, Any, Candidate] = method.solve(view, seed)
    answer: Any = None
    while True:
        try:
            asked = solve.send(answer)
        except StopIteration as stop:
            return Solved(method, tuple(done), stop.value)
        works = asked if isinstance(asked, tuple) else (asked,)
        results = tuple(perform(work) for work in works)
        done += [Done(work, result) for work, result in zip(works, results, strict=True)]
        answer = results if isinstance(asked, tuple) else results[0]


def _check_certificate(family: Any, instance: Any, target: Target, solved: Solved) -> Certificate:
    name = solved.method.name
    certificate: Certificate = family.certify(instance, target, solved.candidate, solved.done, ALPHA)
    again = family.certify(instance, target, solved.candidate, solved.done, ALPHA)
    expect(certificate == again, f"{name}: certifying twice gives two certificates")
    honest = certificate.status is not CertificateStatus.INVALID
    expect(honest, f"{name}: its honest candidate is INVALID: {'; '.join(certificate.reasons)}")
    certified = certificate.status is CertificateStatus.CERTIFIED
    if certificate.value is not None:
        expect(certified == target.reached_by(certificate.value), f"{name}: status and value disagree")
    if certified and certificate.best_possible is not None:
        possible = target.reached_by(certificate.best_possible)
        expect(possible, f"{name}: certifies what it proves to be out of reach")
    return certificate


def _check_answer(
    family: Any, instance: Any, target: Target, solved: Solved, certificate: Certificate
) -> None:
    """A verified answer is said in lines, and its files have plain names that differ from the candidate's."""
    method = solved.method
    attempt = Attempt(
        number=0, tier=method.tier, method=method.name, backend="paper", device_kind=PaperDevice().kind,
        seed=SEED, quote=Quote(), status=AttemptStatus.NOT_CERTIFIED, certificate=certificate,
    )  # fmt: skip
    answer = family.answer(instance, target, attempt, solved.candidate)
    again = family.answer(instance, target, attempt, solved.candidate)
    expect(answer == again, f"{method.name}: the same answer is said in two ways")
    check_answer_said(method.name, answer)
    check_picture(method.name, answer.picture)
    missed = certificate.model_copy(update={"status": CertificateStatus.BOUNDED})
    short = attempt.model_copy(update={"certificate": missed})
    check_help(method.name, family.answer(instance, target, short, solved.candidate))
    for name, what in answer.file_words.items():
        check_line(f"{method.name}: {name}", what)
        known = name in answer.files or name in solved.candidate.files
        expect(known, f"{method.name}: says what {name!r} is, and there is no such file")
    for name in answer.files:
        expect(name in answer.file_words, f"{method.name}: does not say what the file {name!r} is")
        expect(Path(name).name == name, f"{method.name}: expected a plain file name, got {name!r}")
        expect(name not in solved.candidate.files, f"{method.name}: the candidate has a file {name!r} too")


def _check_cheats(family: Any, instance: Any, target: Target, solved: list[Solved]) -> None:
    """Damaged candidates are INVALID, and never an exception."""
    for each in solved:
        for what, candidate in damaged(each.candidate):
            found: Certificate = family.certify(instance, target, candidate, each.done, ALPHA)
            expect(
                found.status is CertificateStatus.INVALID,
                f"{each.method.name}: {what} came out {found.status}",
            )


def damaged(candidate: Candidate) -> Iterator[tuple[str, Candidate]]:
    """Yields candidates that claim nothing that can be true."""
    yield "an empty candidate", Candidate()
    if candidate.files:
        cut = {name: Blob(blob.data[: len(blob.data) // 2]) for name, blob in candidate.files.items()}
        yield "a candidate with its files cut in half", Candidate(candidate.values, cut)
    else:
        yield "a candidate with its values nulled", Candidate(dict.fromkeys(candidate.values))


@contextmanager
def _refuses(what: str) -> Iterator[None]:
    try:
        yield
    except BadInput as error:
        expect("\n" not in str(error), f"{what}: more than one line: {error}")
    else:
        expect(False, f"{what} is not refused")
