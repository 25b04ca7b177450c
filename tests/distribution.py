"""In which order the tests' files run, and which of them keep together where several processes share them."""

from functools import cache

from xdist.scheduler import LoadFileScheduling

SERVED = (
    "tests/deployments/test_serving.py",  # sees the server before others put deployments on it
    "tests/deployments/test_access.py",
    "tests/deployments/test_browser.py",
    "tests/deployments/test_killed.py",
    "tests/deployments/test_pilots.py",
    "tests/deployments/test_practice.py",
    "tests/deployments/test_removed.py",
    "tests/deployments/test_schedules.py",
    "tests/flows/test_approval.py",
    "tests/flows/test_audit.py",
    "tests/flows/test_batch.py",
    "tests/flows/test_calibration.py",
    "tests/flows/test_canary.py",
    "tests/flows/test_engine.py",
    "tests/flows/test_escalate.py",
    "tests/flows/test_optimise.py",
    "tests/flows/test_overview.py",
    "tests/flows/test_python.py",
    "tests/flows/test_recheck.py",
    "tests/flows/test_reconcile.py",
    "tests/flows/test_replay.py",
    "tests/flows/test_secret.py",
    "tests/cli/test_read_once.py",
    "tests/docs/test_pictures.py",
    "tests/docs/test_notebooks.py",
    "tests/docs/test_snippets.py",
)
"""Files that use the one Prefect server of the tests, one after the other and in one process: a server, its
worker and what its schedules start cost more than most of these tests."""

ORDER = (
    *SERVED,
    "tests/bench/",
    "tests/docs/test_several_machines.py",
    "tests/deployments/",
    "tests/backends/slurm/",
    "tests/backends/pbs/",
    "tests/backends/test_contract.py",
    "tests/flows/",
    "tests/test_command_line.py",
    "tests/docs/",
    "tests/cli/",
    "tests/problems/test_",
    "tests/backends/",
    "tests/records/",
    "tests/practice/",
    "tests/problems/prediction/",
)
"""Beginnings of the paths of files, those that take longest first: one that began last would run alone."""


@cache
def place_of(path: str) -> int:
    """Where in the order a file comes, by its path in the checkout."""
    return next((at for at, begins in enumerate(ORDER) if path.startswith(begins)), len(ORDER))


class Distribution(LoadFileScheduling):  # type: ignore[misc]
    """Gives a process whole files, as pytest-xdist's `--dist loadfile` does, and one all of `SERVED`."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "the files of one server" if file in SERVED else file
