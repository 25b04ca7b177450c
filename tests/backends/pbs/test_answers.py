"""What PBS is asked and how its answers are read: the shapes are those of OpenPBS's manual pages."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from backends.batch.commands import CommandReply
from backends.batch.jobs import JobEnd, JobWanted
from backends.pbs.pbs import Pbs
from backends.pbs.settings import PbsSettings
from escalation.inputs.settings import Settings
from escalation.model.errors import BackendError
from escalation.model.resources import Resources

FOLDER = Path("/shared/work")


@pytest.fixture
def system() -> Pbs:
    return Pbs(Settings().of(PbsSettings).site)


def options(command: list[str], name: str) -> list[str]:
    return [value for option, value in pairwise(command) if option == name]


# qsub(1B) and pbs_resources(7B): `-l select=N:chunk`, one chunk a rank, or one a node where nodes are stated
ASKED = {
    "one rank": (Resources(threads=4), "select=1:ncpus=4:mpiprocs=1:ompthreads=4:mem=2048mb", "place=free"),
    "ranks anywhere": (
        Resources(ranks=3, memory_mb=1000),
        "select=3:ncpus=1:mpiprocs=1:ompthreads=1:mem=334mb",
        "place=free",
    ),
    "nodes": (
        Resources(ranks=8, threads=2, nodes=2, memory_mb=8000, exclusive=True),
        "select=2:ncpus=8:mpiprocs=4:ompthreads=2:mem=4000mb",
        "place=scatter:exclhost",
    ),
    "GPUs": (Resources(gpus=2), "select=1:ncpus=1:mpiprocs=1:ompthreads=1:mem=2048mb:ngpus=2", "place=free"),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_resources_as_chunks(system: Pbs, asked: tuple[Resources, str, str]) -> None:
    resources, select, place = asked
    wanted = JobWanted("tw-1", FOLDER, resources, 60.0, "short", FOLDER / "log.txt", "")
    command = system.submit(wanted, FOLDER / "job.sh")
    assert command[0] == "qsub"
    assert command[-1] == "/shared/work/job.sh"
    assert options(command, "-l") == ["walltime=01:01:00", select, place]  # 3600 s of work and 60 to begin
    assert [*options(command, "-N"), *options(command, "-q"), *options(command, "-r")] == [
        "tw-1",
        "short",
        "n",
    ]


def jobs(**said: object) -> str:
    each = {"Job_Name": "tw-1", "Output_Path": "head:/shared/work/log.txt", "queue": "workq", **said}
    return json.dumps({"timestamp": 1, "pbs_version": "22.05.11", "Jobs": {"12.head": each}})


# exit codes: chapter "Job Exit Status Codes" of the administrator's guide; -29 is JOB_EXEC_KILL_WALLTIME
ENDS = [
    ({"Exit_status": 0}, JobEnd.COMPLETED),
    ({"Exit_status": 3}, JobEnd.FAILED),
    ({"Exit_status": -29}, JobEnd.TIMEOUT),
    ({"Exit_status": 271, "comment": "Job run at … and exceeded resource walltime"}, JobEnd.TIMEOUT),
    ({"Exit_status": 265, "comment": "Job run at … and exceeded resource mem"}, JobEnd.OUT_OF_MEMORY),
    ({"Exit_status": 271, "substate": 91, "comment": "Job run at … and terminated"}, JobEnd.CANCELLED),
    ({"Exit_status": 265, "substate": 93, "comment": "Job run at … and failed"}, JobEnd.FAILED),
    ({"Exit_status": -10}, JobEnd.NODE_FAIL),
    ({"Exit_status": -3}, JobEnd.BOOT_FAIL),
    ({"Exit_status": 271, "comment": "Job preempted by deletion"}, JobEnd.PREEMPTED),
    ({"substate": 91}, JobEnd.CANCELLED),  # deleted before it began
]


@pytest.mark.parametrize(("said", "end"), ENDS)
def test_how_a_job_ended(system: Pbs, said: dict[str, object], end: JobEnd) -> None:
    (job,) = system.listed(jobs(job_state="F", **said))
    assert (job.tag, job.job_id, job.end, job.folder) == ("tw-1", "12.head", end, "/shared/work")


@pytest.mark.parametrize(
    ("state", "comment", "running", "never"),
    [
        ("Q", "Not Running: Insufficient amount of resource: ncpus", False, False),
        ("Q", "Can Never Run: Insufficient amount of resource: ncpus (R: 99 A: 4 T: 4)", False, True),
        ("R", "Job run at …", True, False),
        ("E", "Job run at …", True, False),
    ],
)
def test_a_job_that_has_not_ended(system: Pbs, state: str, comment: str, running: bool, never: bool) -> None:
    (job,) = system.listed(jobs(job_state=state, comment=comment))
    assert (job.end, job.running, job.never, job.reason) == (None, running, never, comment)


@pytest.mark.parametrize(
    ("letters", "comment", "words"),
    [
        ("u", None, "held by its user: `qrls 12.head` lets it go (Hold_Types u)"),
        (
            "s",
            "Job held by root",
            "held by the system: by an administrator, who alone can release it, or until another job has "
            "ended (Hold_Types s; Job held by root)",
        ),
        (
            "uo",
            None,
            "held by its user: `qrls 12.head` lets it go, and by an operator, who can release it "
            "(Hold_Types uo)",
        ),
        ("n", "Not Running", "Not Running"),
    ],
)
def test_whose_hold_it_is_is_said_in_words(
    system: Pbs, letters: str, comment: str | None, words: str
) -> None:
    (job,) = system.listed(jobs(job_state="H", Hold_Types=letters, comment=comment))
    assert (job.reason, job.end, job.running) == (words, None, False)


def test_no_jobs_and_no_answer(system: Pbs) -> None:
    assert system.listed('{"timestamp": 1, "pbs_version": "22.05.11", "pbs_server": "head"}') == []
    with pytest.raises(BackendError, match="PBS printed no JSON"):
        system.listed("Connection refused")


def test_what_the_history_says_was_used(system: Pbs) -> None:
    used = {"cput": "01:02:03", "walltime": "00:31:00", "mem": "40kb"}
    found = system.accounted(CommandReply(0, jobs(job_state="F", Exit_status=0, resources_used=used)))
    assert found is not None
    assert found.usage is not None
    assert (found.usage.cpu_s, found.usage.wall_s) == (3723.0, 1860.0)
    assert system.accounted(CommandReply(0, jobs(job_state="R"))) is None
    assert system.no_accounting(
        CommandReply(35, "", "qstat: PBS is not configured to maintain job history 12.head")
    )


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("qsub: Unknown queue", "Unknown queue"),
        ("qsub: Job violates queue and/or server resource limits", "Job violates queue and/or server"),
        ("qsub: Illegal attribute or resource value Resource_List.select", "Illegal attribute"),
        ("qsub: Unauthorized Request", "Unauthorized Request"),
        ("Connection refused\nqsub: cannot connect to server head (errno=111)", None),
        ("qsub: Communication failure.", None),
        ("qsub: End of File", None),
    ],
)
def test_what_is_surely_refused(system: Pbs, said: str, refusal: str | None) -> None:
    found = system.refused(CommandReply(1, "", said))
    assert (found or "").startswith(refusal or "")
    assert (found is None) == (refusal is None)
    assert system.refused(CommandReply(None, "", said)) is None


def test_queues_and_their_nodes(system: Pbs) -> None:
    server = {"Server": {"head": {"default_queue": "workq"}}}
    usual = {"enabled": "True", "started": "True"}
    queues = {
        "workq": {"queue_type": "Execution", **usual, "resources_max": {"walltime": "24:00:00"}},
        "route": {"queue_type": "Route", **usual},
        "own": {"queue_type": "Execution", "enabled": "True", "started": "False"},
    }
    has = {"ncpus": 8, "mem": "16777216kb", "ngpus": 2}
    busy = {"state": "free", "resources_available": has, "resources_assigned": {"ncpus": 1}}
    nodes = {
        "a": {"state": "free", "resources_available": has, "resources_assigned": {}},
        "b": busy,
        "c": {"state": "down,offline", "resources_available": has},
        "d": {"state": "free", "queue": "own", "resources_available": {"ncpus": "4"}},
    }
    out = "\n".join(map(json.dumps, (server, {"Queue": queues}, {"nodes": nodes})))
    workq, own = system.partitions(out)
    assert (workq.name, workq.up, workq.default, workq.limit_s) == ("workq", True, True, 86400.0)
    assert sum(kind.count for kind in workq.nodes) == 3
    assert {(kind.cores, kind.memory_mb, kind.gpus) for kind in workq.nodes} == {(8, 16384, 2)}
    assert (sum(kind.usable for kind in workq.nodes), sum(kind.idle for kind in workq.nodes)) == (2, 1)
    assert (own.name, own.up, own.default, own.limit_s) == ("own", False, False, None)
    assert [(kind.count, kind.cores, kind.memory_mb) for kind in own.nodes] == [(1, 4, None)]
