"""Slurm's commands, and its answers as real ones were seen; no cluster is asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from backends.batch.accounts import complete, price
from backends.batch.commands import CommandReply
from backends.batch.fits import check
from backends.batch.jobs import JobEnd, JobWanted
from backends.slurm import accounting, listing, sinfo
from backends.slurm.settings import SlurmSettings
from backends.slurm.slurm import Slurm, asked
from escalation.inputs.settings import Settings
from escalation.model.amounts import Amounts
from escalation.model.errors import BackendError, BadInput
from escalation.model.job_state import JobState
from escalation.model.resources import Resources
from escalation.model.result import RawResult

SLURM = Slurm(SlurmSettings(account="chem", qos="long").site)
FAILED = "sbatch: error: Batch job submission failed: "


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (f"{FAILED}Invalid account or account/partition combination specified", "Invalid account or"),
        (f"sbatch: error: x\n{FAILED}Requested node configuration is not available", "Requested node"),
        (f"{FAILED}Requested time limit is invalid (missing or exceeds some limit)", "Requested time limit"),
        ("sbatch: unrecognized option '--bogus'", "unrecognized option"),
        # the way to the controller: the job may have been accepted, as was seen
        (f"{FAILED}Socket timed out on send/recv operation", None),
        (f"{FAILED}Unable to contact slurm controller (connect failure)", None),
        (f"{FAILED}Zero Bytes were transmitted or received", None),
        ("sbatch: error: slurm_persist_conn_open: failed", None),
        ("", None),
    ],
)
def test_a_submission_was_surely_not_taken_or_it_is_in_doubt(said: str, refusal: str | None) -> None:
    found = SLURM.refused(CommandReply(1, "", said))
    assert (found is None) if refusal is None else (found or "").startswith(refusal)


def test_a_submission_that_was_killed_is_in_doubt() -> None:
    assert SLURM.refused(CommandReply(None, "", f"{FAILED}Invalid account")) is None


def test_the_list_is_read_as_squeue_prints_it() -> None:
    jobs = listing.read(
        "17|tw-a|PENDING|main||/scratch/c/0-0-0|(PartitionConfig)\n"
        "18|tw-b|RUNNING|main|n[1-2]|/scratch/a|b/0-0-0|None\n"
        "19|tw-c|NODE_FAIL|main|n1|/scratch/c/0-1-0|NonZeroExitCode\n"
        "20|tw-d|PENDING|main||/scratch/c/0-2-0|(Resources)\n"
        "a torn line\n"
    )
    assert [each.job_id for each in jobs] == ["17", "18", "19", "20"]
    assert [each.never for each in jobs] == [True, False, False, False]
    assert (jobs[1].running, jobs[1].folder, jobs[1].nodes) == (True, "/scratch/a|b/0-0-0", "n[1-2]")
    assert jobs[2].end is JobEnd.NODE_FAIL
    assert jobs[3].reason == "for nodes to be free (Resources)"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("JobHeldAdmin", "held by an administrator, who alone can release it (JobHeldAdmin)"),
        ("JobHeldUser", "held by its user: `scontrol release 21` lets it go (JobHeldUser)"),
        (
            "ReqNodeNotAvail, UnavailableNodes:n1",
            "for nodes that are down, drained or reserved (ReqNodeNotAvail, UnavailableNodes:n1)",
        ),
        ("BurstBufferStageIn", "BurstBufferStageIn"),
    ],
)
def test_what_a_job_waits_for_is_said_in_words(code: str, words: str) -> None:
    (job,) = listing.read(f"21|tw-a|PENDING|main||/scratch|({code})\n")
    assert (job.reason, job.never) == (words, False)


def test_the_accounting_is_read_as_sacct_prints_it() -> None:
    # a program of ranks, as slurmdbd 22.05 keeps it: the job, its script, its step
    found = accounting.read(
        "1|COMPLETED|3|00:01.129|360|0:0\n1.batch|COMPLETED|3|00:00.084|0|0:0\n1.0|COMPLETED|3|00:01.045|0|0:0\n"
    )
    assert found is not None
    assert (found.end, found.energy_j) == (JobEnd.COMPLETED, 360.0)
    assert found.usage is not None
    assert (found.usage.wall_s, found.usage.cpu_s) == (3.0, 1.129)
    cancelled = accounting.read("3|CANCELLED by 0|2|00:00.286||0:0\n3.batch|FAILED|2|00:00.286|0|15:0\n")
    assert cancelled is not None
    assert (cancelled.end, cancelled.reason, cancelled.energy_j) == (JobEnd.CANCELLED, "by 0", None)
    assert accounting.read("4|RUNNING|12|00:00:00||0:0\n") is None
    assert accounting.read("") is None
    # of two jobs of one name the second found the work claimed
    both = accounting.read("5|NODE_FAIL|300|00:00:01|0|0:0\n6|COMPLETED|0|00:00:00|0|0:0\n")
    assert both is not None
    assert both.end is JobEnd.NODE_FAIL


def test_what_is_accounted_for_is_charged_by_the_jobs_time_and_keeps_the_works_own() -> None:
    site, two = replace(SLURM.site, node_h_usd=36.0), Resources(ranks=2, nodes=2)
    result = RawResult(JobState.DONE, usage=Amounts(wall_s=1.25, cpu_s=0.7))
    kept = {"usage": {"wall_s": 3.0, "cpu_s": 1.129}, "energy_j": 360.0}
    found = complete(site, result, two, kept)
    assert found.provenance["energy_j"] == 360.0
    # 3 s of 2 nodes at 0.01 USD a second
    assert (found.usage.wall_s, found.usage.cpu_s) == (1.25, 1.129)
    assert found.usage.usd == pytest.approx(0.06)
    assert complete(site, result, two, {}).usage.cpu_s == 0.7


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("infinite", None),
        ("30:00", 1800.0),
        ("1:00", 60.0),
        ("1:30:00", 5400.0),
        ("2-12:00:00", 216000.0),
        ("1-00", 86400.0),
        ("30", 1800.0),
    ],
)
def test_times_are_slurms(text: str, seconds: float | None) -> None:
    assert accounting.seconds(text) == seconds


SINFO = """\
main*|up|infinite|2|2|4000|idle|gpu:a100:4(S:0-1)
main*|up|infinite|1|2+|4000|down*|(null)
debug|up|30:00|1|64|1|mixed|(null)
closed|inact|1-00:00:00|1|8|16000|idle|(null)
"""


def test_partitions_are_read_as_sinfo_prints_them() -> None:
    main, debug, closed = sinfo.read(SINFO)
    assert (main.default, main.limit_s, debug.limit_s) == (True, None, 1800.0)
    assert [(kind.count, kind.usable, kind.idle, kind.gpus) for kind in main.nodes] == [
        (2, 2, 2, 4),
        (1, 0, 0, 0),
    ]
    assert debug.nodes[0].memory_mb is None  # 1 is Slurm's own default: the site says nothing
    assert closed.up is False


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Resources(ranks=4, nodes=4), "nodes"),
        (Resources(threads=3), "threads"),
        (Resources(gpus=5), "gpus"),
        (Resources(ranks=2, nodes=1, gpus=3), "gpus"),
        (Resources(memory_mb=4001, nodes=1), "memory_mb"),
        (Resources(memory_mb=4001, ranks=1), "4001 MiB"),
        (Resources(ranks=2, ranks_per_node=2, threads=2), "2 ranks of 2 threads"),
        (Resources(ranks=7), "ranks"),
    ],
)
def test_what_does_not_fit_the_partition_is_refused_by_name(wanted: Resources, why: str) -> None:
    with pytest.raises(BackendError, match=why):
        check("slurm", sinfo.read(SINFO)[0], wanted)


def test_what_fits_passes_and_a_limit_of_time_does_not_go_unseen() -> None:
    main, debug, _ = sinfo.read(SINFO)
    check("slurm", main, Resources(ranks=6, memory_mb=12000))
    check("slurm", main, Resources(ranks=2, nodes=2, gpus=4, exclusive=True))
    check("slurm", debug, Resources(threads=64, memory_mb=10**6, wall_s=1800))
    with pytest.raises(BackendError, match="at most 1800 wall_s"):
        check("slurm", debug, Resources(wall_s=1801))


def test_resources_become_options_of_sbatch() -> None:
    assert asked(Resources(ranks=4, nodes=2, threads=3, memory_mb=1001, gpus=1, exclusive=True)) == [
        *("--ntasks=4", "--cpus-per-task=3", "--nodes=2", "--ntasks-per-node=2", "--mem=501"),
        *("--gpus-per-task=1", "--exclusive"),
    ]
    assert asked(Resources(ranks=4, threads=2, memory_mb=1001)) == [
        *("--ntasks=4", "--cpus-per-task=2", "--mem-per-cpu=126"),
    ]
    assert asked(Resources(memory_mb=700)) == ["--ntasks=1", "--cpus-per-task=1", "--nodes=1", "--mem=700"]


def test_a_submission_bears_its_tag_and_is_never_requeued() -> None:
    folder = Path("/scratch/100%/0-0-0")
    wanted = JobWanted("tw-a", folder, Resources(wall_s=61), 0.0, "debug", folder / "log.txt", "c/0-0-0")
    command = SLURM.submit(wanted, folder / "job.sh")
    assert command[0] == "sbatch"
    assert command[-1] == "/scratch/100%/0-0-0/job.sh"
    assert {"--job-name=tw-a", "--dependency=singleton", "--no-requeue", "--time=2"} <= set(command)
    assert {"--partition=debug", "--account=chem", "--qos=long"} <= set(command)
    assert "--output=/scratch/100%%/0-0-0/log.txt" in command


def test_ranks_are_started_by_srun_or_by_what_the_site_names() -> None:
    two = Resources(ranks=4, nodes=2, threads=3)
    assert SLURM.launch(two)[:5] == ["srun", "--mpi=pmi2", "--ntasks=4", "--cpus-per-task=3", "--nodes=2"]
    other = Slurm(replace(SLURM.site, launcher="mpiexec -bind-to core"))
    assert other.launch(two) == ["mpiexec", "-bind-to", "core", "-n", "4"]


def test_a_job_has_the_sites_price() -> None:
    site = replace(SLURM.site, node_h_usd=2.0, cpu_h_usd=0.1)
    # half an hour of 2 nodes at 2 USD, and of 12 cores at 0.10 USD
    assert price(site, Resources(ranks=4, nodes=2, threads=3), 1800) == pytest.approx(2.0 + 0.6)


def test_lines_of_the_script_must_be_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERWISE_SLURM_LINES", "#SBATCH --constraint=avx512\n--reservation=demo\n")
    assert Settings().of(SlurmSettings).lines == ("--constraint=avx512", "--reservation=demo")
    monkeypatch.setenv("TIERWISE_SLURM_LINES", "module load mpi")
    with pytest.raises(BadInput, match=r"TIERWISE_SLURM_LINES.*expected options of sbatch"):
        Settings().of(SlurmSettings)


@pytest.mark.parametrize(
    ("device", "account", "qos", "partition"),
    [
        (None, "chem", "long", None),
        ("debug", "chem", "long", "debug"),
        ("debug+qos=short", "chem", "short", "debug"),
        ("+account=bio", "bio", "long", None),
        ("debug+account=bio+qos=short", "bio", "short", "debug"),
    ],
)
def test_a_policy_chooses_partition_account_and_qos(
    device: str | None, account: str, qos: str, partition: str | None
) -> None:
    site, place = SLURM.site.chosen(device)
    assert (site.account, site.qos, place) == (account, qos, partition)


@pytest.mark.parametrize("device", ["debug+qos", "debug+qos=", "debug+time=1", "+"])
def test_a_device_that_says_something_else_is_refused_in_one_line(device: str) -> None:
    with pytest.raises(BadInput, match=r"expected PARTITION\+account=NAME\+qos=NAME"):
        SLURM.site.chosen(device)
