"""Jobs of a real Slurm that meets the faults of a cluster: one job a piece of work, and its end in words."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backends.batch.check import check
from backends.slurm.backend import SlurmBackend
from backends.slurm.devices import devices, kind_of
from backends.slurm.settings import SlurmSettings
from backends.slurm.slurm import Slurm
from escalation.engine.executing import execute
from escalation.engine.opening import prepare
from escalation.engine.running import Running
from escalation.engine.runtime import Runtime, scratch_of
from escalation.engine.steps import Item
from escalation.inputs.settings import Settings
from escalation.model.case import WorkKey
from escalation.model.clock import boottime_s
from escalation.model.errors import BackendError, BadInput, Faulted
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.kinds.mpi_program import MpiProgram
from escalation.model.problem import Problem, Target
from escalation.model.quote import Quote
from escalation.model.resources import Resources
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.policy.policy import parse_policy
from escalation.ports.machines import Progress
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.untracked import Untracked
from tests.slurm.cluster import Cluster

pytestmark = pytest.mark.usefixtures("quick")
SAMPLES = "escalation.testing.samples"
PATIENCE_S = 60.0
POLICY = """\
policy: one
summary: one method of the toy family
tiers: [hpc, ai, quantum]
backends: {local_call: "slurm:spare", mpi_program: slurm, circuit_batch: aer}
methods: {toy: [scan]}
"""
DOUBLE = LocalCall(f"{SAMPLES}:double", {"x": 21})
Submit = Callable[..., dict[str, str]]


@pytest.fixture
def backend() -> SlurmBackend:
    return SlurmBackend(Settings())


@pytest.fixture
def submit(backend: SlurmBackend, tmp_path: Path) -> Submit:
    numbers = iter(range(100))

    def send(work: Work) -> dict[str, str]:
        folder = tmp_path / f"job-{next(numbers)}"
        folder.mkdir()
        return backend.submit(work, folder, f"tw-{folder.name}")

    return send


def finish(backend: SlurmBackend, handle: dict[str, str]) -> RawResult:
    progress = backend.wait(handle, PATIENCE_S)
    assert progress.state.final, progress
    return backend.result(handle)


def until(backend: SlurmBackend, handle: dict[str, str], there: Callable[[Progress], bool]) -> None:
    end_s = boottime_s() + PATIENCE_S
    while not there(progress := backend.wait(handle, 0.1)):
        assert not progress.state.final, progress
        assert boottime_s() < end_s, progress


def jobs(slurm: Cluster, name: str) -> list[str]:
    return slurm.run("squeue", "-h", "-t", "all", "-n", name, "-o", "%T").split()


def test_a_submission_in_doubt_is_looked_up_and_adopted(
    backend: SlurmBackend, submit: Submit, slurm: Cluster
) -> None:
    backend.partition()  # known before the controller falls silent
    slurm.controller.freeze()
    handle = submit(DOUBLE)
    assert "job" not in handle
    slurm.controller.thaw()
    assert finish(backend, handle).values == {"x": 42}
    assert len(jobs(slurm, handle["tag"])) == 1


def test_work_that_is_submitted_or_started_again_runs_once(
    backend: SlurmBackend, submit: Submit, slurm: Cluster
) -> None:
    handle = submit(DOUBLE)
    assert finish(backend, handle).ok
    before = (Path(handle["folder"]) / "result.json").stat().st_mtime_ns
    slurm.run(
        "sbatch", "--wait", "--output=/dev/null", f"--job-name={handle['tag']}", f"{handle['folder']}/job.sh"
    )
    assert (Path(handle["folder"]) / "result.json").stat().st_mtime_ns == before
    assert (Path(handle["folder"]) / "log.txt").read_text() == "doubling 21\n"


def test_what_slurm_refuses_is_one_line_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWISE_SLURM_LINES", "--reservation=none-such")
    with pytest.raises(BackendError, match=r"slurm refused the job: .*reservation") as caught:
        SlurmBackend(Settings()).submit(DOUBLE, tmp_path, "tw-refused")
    assert not caught.value.retry
    assert "\n" not in str(caught.value)


def test_a_job_that_would_wait_for_ever_is_taken_back(
    backend: SlurmBackend, submit: Submit, slurm: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BackendError, match="at most 2 nodes, got 5"):
        submit(MpiProgram(f"{SAMPLES}:block_sum", resources=Resources(ranks=5, nodes=5)))
    monkeypatch.setattr("backends.batch.fits.check", lambda *_: None)  # as if nodes had gone meanwhile
    handle = submit(MpiProgram(f"{SAMPLES}:block_sum", resources=Resources(ranks=5, nodes=5)))
    result = finish(backend, handle)
    assert result.state is JobState.FAILED
    assert result.error == "refused: it would wait for ever, PartitionConfig"
    assert jobs(slurm, handle["tag"]) == ["CANCELLED"]


def test_resources_reach_the_job_and_secrets_do_not(
    backend: SlurmBackend, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_IBM_TOKEN", "a-secret")
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "1")  # of a job that we may be in ourselves
    names = ("SLURM_CPUS_PER_TASK", "SLURM_MEM_PER_NODE", "SLURM_JOB_GPUS", "OMP_NUM_THREADS")
    asked = Resources(threads=2, memory_mb=700, gpus=1, exclusive=True)
    params = {"variables": [*names, "TIERWISE_IBM_TOKEN", "SLURM_MEM_PER_CPU"]}
    result = finish(backend, submit(LocalCall(f"{SAMPLES}:surroundings", params, resources=asked)))
    assert result.ok, result.error
    found = result.values["variables"]
    assert [found[name] for name in names] == ["2", "700", "0", "2"]
    assert (found["TIERWISE_IBM_TOKEN"], found["SLURM_MEM_PER_CPU"]) == (None, None)


def test_ranks_are_spread_over_nodes_priced_and_told_of(
    slurm: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERWISE_SLURM_NODE_H_USD", "36")
    monkeypatch.setenv("TIERWISE_SLURM_PROLOGUE", "export FROM_PROLOGUE=1\necho prologue")
    backend, asked = SlurmBackend(Settings(), "main"), Resources(ranks=2, nodes=2, wall_s=40)
    program = MpiProgram(f"{SAMPLES}:block_sum", {"terms": 100, "blocks": 2}, resources=asked)
    assert backend.estimate(program).amounts.usd == pytest.approx(
        2.0
    )  # 40 s, and 60 s to begin, of 2 nodes at 0.01 USD a second
    result = finish(backend, backend.submit(program, tmp_path, "tw-spread"))
    assert result.ok, result.error
    job = result.provenance["batch"]
    assert (job["slurm_job_nodelist"], job["slurm_job_partition"], job["layout"]["nodes"]) == (
        "n[1-2]",
        "main",
        2,
    )
    assert (job["job"], job["place"], job["nodes"]) == (job["slurm_job_id"], "main", "n[1-2]")
    assert result.usage.node_h == pytest.approx(2 * result.usage.wall_s / 3600)
    assert "22.05" in job["version"] or job["version"].startswith("slurm")
    assert result.usage.usd == pytest.approx(result.usage.wall_s * 0.02)
    assert b"prologue" in result.evidence["log"].data


def test_a_job_that_somebody_else_cancels_is_nobodys_failure(
    backend: SlurmBackend, submit: Submit, slurm: Cluster
) -> None:
    handle = submit(LocalCall(f"{SAMPLES}:stall"))
    until(backend, handle, lambda progress: progress.message == "stalled")
    slurm.run("scancel", handle["job"])
    result = finish(backend, handle)
    assert result.state is JobState.CANCELLED
    assert "by somebody else" in (result.error or "")
    assert slurm.survivors() == []


def test_a_job_whose_node_dies_ends_as_the_machines_fault_and_leaves_nothing(
    backend: SlurmBackend, submit: Submit, slurm: Cluster
) -> None:
    handle = submit(LocalCall(f"{SAMPLES}:stall"))
    until(backend, handle, lambda progress: progress.message == "stalled")
    node = slurm.run("squeue", "-h", "-j", handle["job"], "-o", "%N")
    slurm.nodes[node].kill()  # slurmd alone: what it started lives on, as it does behind a broken network
    result = finish(backend, handle)
    assert (result.state, result.error) == (JobState.FAULT, "a node of its job failed (NodeDown)")
    assert [each for each in slurm.survivors(node) if each.name() != "slurmstepd"] == []


def test_partitions_are_devices(slurm: Cluster) -> None:
    found = {each.name: each.note for each in devices()}
    assert set(found) == {"main", "short", "spare", "requeued", "urgent"}
    assert found["short"] == ("2 nodes of 2 cores, 4000 MiB, 1 GPU; 1 min at most; up, 2 of 2 nodes usable")
    with pytest.raises(BadInput, match="main, short, spare, requeued, urgent, got 'nowhere'"):
        kind_of("nowhere")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    settings = Settings(home=tmp_path / "home")
    store = FileStore(settings.store)
    runtime = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    problem = Problem(
        family="toy", instance={"numbers": [3, 1], "reach": 3}, target=Target(metric="number", at_least=9)
    )
    case = prepare(problem, parse_policy(POLICY), case_id="c")
    runtime.ledger.open_case(case.info)
    yield Running(runtime, case)
    runtime.close()


def item_of(running: Running, work: Work) -> Item:
    key = WorkKey("c", 0, 0)
    running.runtime.ledger.intend(key, work, "slurm:spare")
    return Item(key, work, "slurm:spare", Quote(), None, "hpc/count")


class Meanwhile:
    """A listener that does something once, when it is due."""

    def __init__(self, due: Callable[[Progress], bool], act: Callable[[], object]) -> None:
        self.due, self.act, self.done = due, act, False

    def decided(self, decision: object) -> None: ...

    def attempted(self, attempt: object) -> None: ...

    def progress(self, item: Item, progress: Progress) -> None:
        if not self.done and self.due(progress):
            self.done = True
            self.act()


def test_work_that_was_preempted_goes_on_from_its_checkpoint(running: Running, slurm: Cluster) -> None:
    work = LocalCall(f"{SAMPLES}:count_up", {"to": 6, "pause_at": 4})
    runtime = running.runtime
    kept = scratch_of(runtime.settings.scratch, runtime.ledger_name, "c") / "0-0-0" / "checkpoint"
    preempt = Meanwhile(
        lambda _: kept.exists() and kept.read_bytes() == b"4",
        lambda: slurm.batch("exit 0", "-p", "urgent", "-N2", "--ntasks-per-node=2"),
    )
    backend = SlurmBackend(running.runtime.settings, "spare")
    result = execute(Running(running.runtime, running.case, preempt), item_of(running, work), backend)
    assert result.values == {"number": 6}
    assert result.files["started"].data == b"4"
    assert [(lost.error or "").partition(" (")[0] for lost in result.lost] == [
        "its job was preempted, for one of higher priority"
    ]
    assert 0 < result.lost[0].usage.wall_s < PATIENCE_S


def test_a_case_whose_job_an_admin_cancelled_waits_for_a_person(running: Running, slurm: Cluster) -> None:
    item = item_of(running, LocalCall(f"{SAMPLES}:stall"))
    ledger = running.runtime.ledger_name
    tags = [item.key.tag(ledger, item.work.digest, tries) for tries in range(3)]
    cancel = Meanwhile(
        lambda progress: progress.message == "stalled", lambda: slurm.run("scancel", f"--name={tags[0]}")
    )
    backend = SlurmBackend(running.runtime.settings, "spare")
    with pytest.raises(Faulted, match="cancelled in the batch system by somebody else"):
        execute(Running(running.runtime, running.case, cancel), item, backend)
    assert [jobs(slurm, tag) for tag in tags] == [["CANCELLED"], [], []]


def test_without_slurm_it_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: SlurmBackend
) -> None:
    with monkeypatch.context() as alone:
        alone.setenv("PATH", str(tmp_path))
        assert devices() == ()
        assert backend.available() is None
        with pytest.raises(BackendError, match="there is no sinfo on PATH"):
            backend.estimate(DOUBLE)


def test_the_doctor_says_whether_a_job_would_be_taken(
    slurm: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    good, said = check(Slurm(settings.of(SlurmSettings).site), settings)
    assert good is True
    assert (
        said
        == f"answers; partitions main, short, spare, requeued, urgent; jobs' files go to {tmp_path}/scratch"
    )
    assert list((tmp_path / "scratch").iterdir()) == []
    monkeypatch.setenv("TIERWISE_SLURM_LINES", "--reservation=none-such")
    good, said = check(Slurm(Settings().of(SlurmSettings).site), settings)
    assert good is False
    assert said.startswith("a small job would not be taken: ")
    assert "reservation" in said
    slurm.controller.freeze()
    good, said = check(Slurm(settings.of(SlurmSettings).site), settings)
    assert (good, said.partition(":")[0]) == (False, "sinfo does not answer")
    with monkeypatch.context() as alone:
        alone.setenv("PATH", str(tmp_path))
        assert check(Slurm(settings.of(SlurmSettings).site), settings) == (
            True,
            "not here: there is no sinfo on PATH",
        )
