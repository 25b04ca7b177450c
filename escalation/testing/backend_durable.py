"""What a backend must do whose work outlives its submitter: it is found by its tag, and run once."""

from escalation.model.job_state import JobState
from escalation.ports.machines import DurableBackend, planned
from escalation.testing.backend_jobs import expect_nothing_left, until_stalled
from escalation.testing.contract import expect
from escalation.testing.work_bench import PATIENCE_S, Check, WorkBench, tag_of


def the_handle_is_known_beforehand(bench: WorkBench) -> None:
    """Folder and tag alone are enough to follow work, and a second submission of it is the same work."""
    folder, first, other, sample = bench.new_folder(), bench.backend, bench.another(), bench.samples[0]
    assert isinstance(first, DurableBackend)
    assert isinstance(other, DurableBackend)
    tag = tag_of(folder)
    first.submit(sample.good, folder, tag)
    again = other.submit(sample.good, folder, tag)
    for handle in (planned(folder, tag), again):
        progress = other.wait(handle, PATIENCE_S)
        expect(progress.state is JobState.DONE, f"expected DONE, got {progress}")
        faults = sample.faults(other.result(handle), other.kind)
        expect(not faults, "; ".join(faults))


def work_is_found_by_its_tag(bench: WorkBench) -> None:
    """While it runs, its tag alone leads to its handle; a tag that nobody has leads nowhere."""
    folder, backend, endless = bench.new_folder(), bench.backend, bench.samples[0].endless
    assert isinstance(backend, DurableBackend)
    if endless is None:
        return
    tag = tag_of(folder)
    handle = backend.submit(endless(PATIENCE_S), folder, tag)
    until_stalled(backend, handle)
    found = backend.find(tag)
    expect(found is not None and found["folder"] == str(folder.resolve()), f"expected {handle}, got {found}")
    expect(backend.find(tag_of(folder / "none")) is None, "expected nothing under a tag that nobody has")
    backend.cancel(planned(folder, tag))
    expect_nothing_left(backend.result(handle))


def work_that_was_never_sent_is_given_up(bench: WorkBench) -> None:
    """A submitter may die with the tag written down and nothing sent: that is no work to wait for."""
    folder, backend = bench.new_folder(), bench.backend
    state = backend.wait(planned(folder, tag_of(folder)), PATIENCE_S).state
    expect(state is JobState.FAULT, f"expected FAULT for work that was never sent, got {state}")


DURABLE: tuple[Check, ...] = (
    the_handle_is_known_beforehand,
    work_is_found_by_its_tag,
    work_that_was_never_sent_is_given_up,
)
