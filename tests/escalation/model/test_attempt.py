"""An attempt's own record, read."""

from typing import Any

import pytest

from escalation.model.attempt import Attempt, AttemptStatus
from escalation.model.problem import Tier
from escalation.model.quote import Quote


def attempt(provenance: Any) -> Attempt:
    return Attempt(
        number=0, tier=Tier.HPC, method="m", backend="b", device_kind="classical", seed=1, quote=Quote(),
        status=AttemptStatus.NOT_CERTIFIED, works=({"ordinal": 0, "provenance": provenance},),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("provenance", "said"),
    [
        ({"batch": {"system": "Slurm", "job": "7", "place": "main"}}, ("work 0: Slurm job 7 in main",)),
        ({"batch": "a-service-names-its-batch-so"}, ()),
        ({"batch": None}, ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_only_jobs_of_batch_systems_are_named_as_such(provenance: Any, said: tuple[str, ...]) -> None:
    assert attempt(provenance).jobs == said
