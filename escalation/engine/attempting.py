"""One attempt: a method's generator driven from step to step, every piece of work a part of a step."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from escalation.engine.case import Case
from escalation.engine.steps import Certify, Item, Perform, Step
from escalation.model.amounts import Amounts
from escalation.model.attempt import Attempt, AttemptStatus, Candidate, Done
from escalation.model.case import WorkKey
from escalation.model.decision import Closed, Decision
from escalation.model.errors import Faulted, TierwiseError, first_line, of_machine
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.work import Work

LEAST_S = 1.0
"""Work that was decided on is given a second at least, to end in an orderly way."""

Asked = Work | tuple[Work, ...]


def attempt(case: Case, number: int, decision: Decision, spent: Amounts) -> Generator[Step, Any, Attempt]:
    """Drives the method that was decided on, and has the verifier judge its candidate.

    Args:
        case: that the attempt belongs to.
        number: of the attempt, from 0.
        decision: to make it.
        spent: by the attempts before.
    """
    assert decision.method is not None
    method = case.method(decision.method)
    solving = method.solve(case.view, case.seed(number, method.name))
    done: list[Done] = []
    wall_s = 0.0
    asked, error = _next(case, decision, solving, None)
    while error is None and not isinstance(asked, Candidate):
        works = asked if isinstance(asked, tuple) else (asked,)
        first = WorkKey(case.case_id, number, len(done))
        items = _items(case, first, works, decision, _used(spent, done, wall_s))
        over = beyond_quote(decision.quote or Quote(), [piece.work for piece in done], works)
        results: tuple[RawResult, ...] = yield Perform(_held(items, decision, over) if over else items)
        done += [Done(work, result) for work, result in zip(works, results, strict=True)]
        wall_s += max(result.spent.wall_s for result in results)
        asked, error = _next(case, decision, solving, results if isinstance(asked, tuple) else results[0])
    solving.close()
    candidate = asked if isinstance(asked, Candidate) else None
    draft = _draft(
        case,
        decision,
        number=number,
        done=done,
        cost=sum((piece.result.spent for piece in done), Amounts()).but(wall_s=wall_s),
        error=error,
    )
    certified: Attempt = yield Certify(draft, candidate, tuple(done), case.alpha)
    return certified


def _next(
    case: Case, decision: Decision, solving: Generator[Asked, Any, Candidate], answer: Any
) -> tuple[Asked | Candidate, str | None]:
    """What the method asks for next, or its candidate; with what it failed of, where it did.

    Raises:
        Faulted: when the machine ended it, which is no failure of the method's.
    """
    try:
        return solving.send(answer), None
    except StopIteration as end:
        if isinstance(end.value, Candidate):
            return end.value, None
        return (), f"expected a candidate, got {end.value!r}"[:200]
    except Exception as problem:  # the method's own failure ends the attempt, not the case
        if of_machine(problem):
            raise Faulted.of(
                f"{decision.tier}/{decision.method} was ended", problem, case.case_id
            ) from problem
        return (), first_line(problem, typed=not isinstance(problem, TierwiseError))


def _draft(
    case: Case, decision: Decision, *, number: int, done: Sequence[Done], cost: Amounts, error: str | None
) -> Attempt:
    """The attempt as it is before the verifier has judged it."""
    assert decision.tier is not None
    assert decision.method is not None
    assert decision.backend is not None
    key = decision.tier, decision.method
    rung = next(rung for rung in case.rungs() if rung.key == key).on(decision.backend)
    return Attempt(
        number=number,
        tier=decision.tier,
        method=decision.method,
        backend=decision.backend,
        device_kind=rung.device_kind,
        seed=case.seed(number, decision.method),
        quote=decision.quote or Quote(),
        status=AttemptStatus.NOT_CERTIFIED if error is None else AttemptStatus.FAILED,
        cost=cost,
        works=tuple(work_record(ordinal, piece) for ordinal, piece in enumerate(done)),
        error=error,
    )


def _used(spent: Amounts, done: Sequence[Done], wall_s: float) -> Amounts:
    """What the case has used so far; `wall_s` seconds elapsed in this attempt."""
    used = sum((piece.result.spent for piece in done), spent)
    return used.but(wall_s=spent.wall_s + wall_s)


def _items(
    case: Case, first: WorkKey, works: tuple[Work, ...], decision: Decision, used: Amounts
) -> tuple[Item, ...]:
    limit, placed = case.budget.wall_s, [(work, case.backend_of(work, decision)) for work in works]
    return tuple(
        Item(
            key=WorkKey(first.case_id, first.attempt, first.ordinal + index),
            work=work,
            backend=case.backend_of(work, decision),
            quote=decision.quote or Quote(),
            wall_s_left=None if limit is None else max(limit - used.wall_s, LEAST_S),
            label=f"{decision.tier}/{decision.method}",
            # What prepares or sums up here is free: a person is asked about what goes where the attempt does.
            asks=decision.asks if case.backend_of(work, decision) == decision.backend else (),
            why=decision.because,
            usd_left=case.budget.left(used).usd,
            beside=tuple(placed[:index]),
        )
        for index, work in enumerate(works)
    )


def _held(items: tuple[Item, ...], decision: Decision, over: str) -> tuple[Item, ...]:
    """The same work, which a person must approve first, because it is more than was quoted."""
    assert decision.tier is not None
    rule = Closed(gate="quote", tier=decision.tier, because=over, misses=())
    return tuple(replace(item, asks=(*item.asks, rule), quote=None) for item in items)


def beyond_quote(quote: Quote, before: Sequence[Work], works: tuple[Work, ...]) -> str | None:
    """Says how the work asked for passes what was quoted; None when it does not."""
    asked = [work.demand() for work in (*before, *works)]
    circuits, shots = sum(load.circuits for load in asked), sum(load.shots for load in asked)
    for name, wanted, quoted in (("circuits", circuits, quote.circuits), ("shots", shots, quote.shots)):
        if wanted > quoted:
            return f"The method asks for {wanted} {name}, and quoted {quoted}"
    return None


def work_record(ordinal: int, piece: Done) -> dict[str, Any]:
    """What the record of an attempt says of a piece of its work."""
    return {
        "ordinal": ordinal,
        "kind": piece.work.kind,
        "work": piece.work.digest,
        "state": str(piece.result.state),
        "result": piece.result.digest,
        "error": piece.result.error,
        "usage": piece.result.usage.to_json(),
        "lost": [lost.to_json() for lost in piece.result.lost],
        "provenance": dict(piece.result.provenance),
    }
