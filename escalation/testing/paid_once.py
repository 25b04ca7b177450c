"""What a backend that charges must do to have a job exactly once, by the strategy that it declares."""

from collections.abc import Callable, Mapping

from escalation.model.submission import RemoteJob
from escalation.ports.exactly_once import ChosenId, ClientToken, Fence
from escalation.ports.paid import Answered, Declined, FencedBackend, InDoubt, KeyedBackend, NotSent
from escalation.testing.contract import ContractBroken, expect
from escalation.testing.paid_bench import PaidBench, refused


def it_has_the_verbs_of_its_strategy(bench: PaidBench) -> None:
    """A backend that declares `Fence` has batches; one that declares another way sends by key."""
    declared = bench.backend.exactly_once
    expect(type(declared) in OF_STRATEGY, f"expected Fence, ClientToken or ChosenId, got {declared!r}")
    verbs = FencedBackend if isinstance(declared, Fence) else KeyedBackend
    expect(isinstance(bench.backend, verbs), f"expected the verbs of {verbs.__name__}, got {bench.backend}")


def a_job_is_found_by_its_batch(bench: PaidBench) -> None:
    """A job is found by its batch, and is in no other."""
    payload, _ = bench.frozen()
    batch, empty = bench.fenced.open_batch(), bench.fenced.open_batch()
    sent = bench.fenced.send(payload, batch)
    ids = [job.job_id for job in bench.backend.find("tierwise:nobody", [batch])]
    expect(ids == [sent.job_id], f"expected {sent.job_id} alone, got {ids}")
    expect(bench.backend.find("tierwise:nobody", [empty]) == (), "expected nothing in another batch")
    seen = bench.ended(sent.job_id)
    expect(seen.batch == batch, f"expected the batch on the job, got {seen}")


def a_closed_batch_takes_no_job(bench: PaidBench) -> None:
    """Closing is confirmed, may be repeated, and what is sent into it afterwards is declined, and no job."""
    payload, tag = bench.frozen()
    batch = bench.fenced.open_batch()
    confirmed = [bench.fenced.close_batch(batch) for _ in range(2)]
    expect(confirmed == [True, True], f"expected closing to be confirmed twice, got {confirmed}")
    error = refused(lambda: bench.fenced.send(payload, batch), "a job in a closed batch")
    expect(isinstance(error, Declined), f"expected Declined, got {type(error).__name__}: {error}")
    expect(bench.backend.find(tag, [batch]) == (), "expected no job in a closed batch")


def a_key_is_remembered_for_some_time(bench: PaidBench) -> None:
    """The stated lifetime of a key is a number of seconds above zero."""
    declared = bench.backend.exactly_once
    assert isinstance(declared, ClientToken)
    expect(declared.lifetime_s > 0, f"expected a lifetime above 0 s, got {declared.lifetime_s}")


def the_same_post_again_is_answered_with_the_same_job(bench: PaidBench) -> None:
    """A second POST under a key, from another process too, makes no job, and its answer names the first."""
    payload, tag, first = bench.sent()
    other = bench.another()
    assert isinstance(other, KeyedBackend)
    again = other.send(payload, tag, lambda: True)
    expect(again.job_id == first.job_id, f"expected job {first.job_id} again, got {again.job_id}")
    _alone(bench, tag, first)


def the_same_id_again_is_no_second_job(bench: PaidBench) -> None:
    """A second POST with an id, from another process too, makes no job; the first one is found by its id."""
    payload, tag, first = bench.sent()
    other = bench.another()
    assert isinstance(other, KeyedBackend)
    try:
        again = other.send(payload, tag, lambda: True)
    except InDoubt:
        pass
    except Answered as error:
        raise ContractBroken(f"expected InDoubt for an id that exists, got {error!r}") from None
    else:
        expect(again.job_id == first.job_id, f"expected job {first.job_id} again, got {again.job_id}")
    _alone(bench, tag, first)


def a_post_that_is_too_late_does_not_leave(bench: PaidBench) -> None:
    """Where the time for a POST is over, nothing is sent, and it may be tried again."""
    payload, tag = bench.frozen()
    try:
        bench.keyed.send(payload, tag, lambda: False)
    except NotSent as error:
        expect(error.retry, f"expected that it may be tried again, got {error!r}")
    else:
        raise ContractBroken("expected NotSent for a POST that is too late, got a job")
    expect(bench.backend.find(tag, []) == (), "expected no job of a POST that did not leave")


def _alone(bench: PaidBench, tag: str, first: RemoteJob) -> None:
    ids = [job.job_id for job in bench.backend.find(tag, [])]
    expect(ids == [first.job_id], f"expected {first.job_id} alone, got {ids}")


Check = Callable[[PaidBench], None]

OF_STRATEGY: Mapping[type, tuple[Check, ...]] = {
    Fence: (a_job_is_found_by_its_batch, a_closed_batch_takes_no_job),
    ClientToken: (
        a_key_is_remembered_for_some_time,
        the_same_post_again_is_answered_with_the_same_job,
        a_post_that_is_too_late_does_not_leave,
    ),
    ChosenId: (the_same_id_again_is_no_second_job, a_post_that_is_too_late_does_not_leave),
}
"""What each strategy rests on, as far as one process can see it."""
