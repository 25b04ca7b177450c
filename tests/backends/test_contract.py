"""Every registered backend keeps the contract, and the contract notices one that does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from backends.local.backend import LocalBackend
from escalation.model.errors import BackendError
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from escalation.model.work import Work
from escalation.ports.registry import BackendDescriptor, backends
from escalation.testing.backend import check_backend
from escalation.testing.contract import ContractBroken

HERE = sorted(name for name, each in backends().items() if not each.durable)
"""Those of batch systems need one: each has this test beside its own."""


@pytest.mark.parametrize("name", HERE)
def test_registered_backend_keeps_the_contract(name: str) -> None:
    check_backend(backends()[name])


def test_the_classical_backends_are_registered() -> None:
    assert {"local", "mpi", "slurm", "pbs"} <= set(backends())


def test_every_batch_system_keeps_the_contract_in_its_own_folder() -> None:
    for name in sorted(set(backends()) - set(HERE)):
        assert "check_backend(" in (Path(__file__).parent / name / "test_contract.py").read_text()


class Cheat(LocalBackend):
    """Breaks the contract in four ways: name, result, refusal, estimate."""

    name = "honest"

    def result(self, handle: Mapping[str, Any]) -> RawResult:
        return RawResult(JobState.DONE, {"x": 41})

    def submit(self, work: Work, folder: Path) -> dict[str, Any]:
        try:
            return super().submit(work, folder)
        except BackendError:
            return {}


CHEAT = BackendDescriptor(
    name="local", backend=f"{__name__}:Cheat", accepts=("local_call",), summary="a backend that cheats"
)


def test_the_contract_names_every_broken_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escalation.testing.work_bench.resolve", lambda path: Cheat)
    with pytest.raises(ContractBroken) as caught:
        check_backend(CHEAT)
    lines = str(caught.value).splitlines()
    assert lines[0] == "backend 'local' breaks its contract:"
    broken = {line.removeprefix("- ").partition(":")[0] for line in lines[1:]}
    assert broken >= {
        "name_and_kind_agree",
        "foreign_work_is_refused",
        "good_work_gives_the_right_result_twice",
        "usage_and_provenance_are_recorded",
        "bad_work_fails_with_one_line",
        "several_works_run_side_by_side",
        "unfinished_work_has_no_result",
        "time_limit_is_kept",
    }
