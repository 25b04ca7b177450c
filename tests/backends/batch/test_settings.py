"""What a site states of a batch system: refused in one line when it is read, before a case is opened."""

import pytest

from backends.batch.settings import BatchSettings
from backends.mpi.settings import MpiSettings
from backends.pbs.settings import PbsSettings
from backends.slurm.settings import SlurmSettings
from escalation.inputs.settings import OwnSettings, read
from escalation.model.errors import BadInput


@pytest.mark.parametrize("stated", ['srun "x', "   ", "'' -n", "srun\nrm", "srun \\"])
@pytest.mark.parametrize(
    ("variable", "kind"),
    [
        ("TIERWISE_SLURM_LAUNCHER", SlurmSettings),
        ("TIERWISE_PBS_LAUNCHER", PbsSettings),
        ("TIERWISE_MPIEXEC", MpiSettings),
    ],
)
def test_a_launcher_that_no_shell_could_read_is_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, kind: type[OwnSettings], stated: str
) -> None:
    monkeypatch.setenv(variable, stated)
    with pytest.raises(BadInput, match=rf"^setting {variable}: expected a command") as refused:
        read(kind)
    assert "\n" not in str(refused.value)


SLURM = (
    *("--test-only", "--hold", "-H", "--wrap=true", "--wra=true", "--array=1-3", "-a 1-3", "--parsable"),
    *("--wait", "-W", "--output=x", "-ox", "--requeue", "--nodes=2", "-N2", "--ntasks=3", "--time=1"),
    *("--job-name=x", "--dependency=singleton", "--constraint=avx512 --hold", "#SBATCH --hold"),
    *("-N5", "-n 4 -N 2", "-sN5", "-sON5", "-C avx512 -sn4", '--no"des"=5', "-vH"),
)
PBS = (
    "-N x",
    "-l select=2",
    "-lwalltime=1",
    "-l filesystems=home,walltime=1",
    "-J 1-3",
    "-h",
    "-I",
    "-r y",
    "-W block=true",
    '-l "select=2"',
    "-l'walltime=1'",
    "-fN x",
    "-l filesystems=home -l select=2",
)


@pytest.mark.parametrize(
    ("kind", "line"),
    [*((SlurmSettings, line) for line in SLURM), *((PbsSettings, line) for line in PBS)],
)
def test_an_option_that_would_defeat_a_job_is_refused(
    monkeypatch: pytest.MonkeyPatch, kind: type[BatchSettings], line: str
) -> None:
    monkeypatch.setenv(f"{kind.model_config['env_prefix']}LINES", line)
    with pytest.raises(
        BadInput, match=r"^setting \w+: expected options of .* that leave a job as it is sent"
    ):
        read(kind)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        *(
            (SlurmSettings, line)
            for line in (
                "--constraint=avx512",
                "--reservation=a",
                "-C avx512",
                "--licenses=x:2",
                "-s",
                "-CN5",
            )
        ),
        *(
            (SlurmSettings, line)
            for line in ("--gres=gpu:1", "-w node-1", "--mail-user=a@b.c", "--exclude=n-1")
        ),
        *(
            (PbsSettings, line)
            for line in ("-l filesystems=home", "-M a@b.c", "-m e", "-P project", "-W umask=27")
        ),
    ],
)
def test_what_a_site_needs_is_taken(
    monkeypatch: pytest.MonkeyPatch, kind: type[BatchSettings], line: str
) -> None:
    monkeypatch.setenv(f"{kind.model_config['env_prefix']}LINES", line)
    assert read(kind).lines == (line,)


@pytest.mark.parametrize("kind", [SlurmSettings, PbsSettings])
def test_a_line_that_no_shell_could_read_is_said_to_be_one(
    monkeypatch: pytest.MonkeyPatch, kind: type[BatchSettings]
) -> None:
    monkeypatch.setenv(f"{kind.model_config['env_prefix']}LINES", "-C 'avx512")
    with pytest.raises(
        BadInput, match=r"^setting \w+: expected options of \w+ as a shell reads them: No closing quotation"
    ):
        read(kind)
