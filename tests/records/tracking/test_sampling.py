"""Which cases MLflow shows: a share of them, by their ids."""

from hashlib import sha256
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from escalation.model.case import CaseStatus
from escalation.ports.tracker import sampled
from records.tracking.sampling import SampledTracker

IDS = [f"toy-{number}" for number in range(4000)]


class Noting:
    """Notes of which cases it was told what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        def told(*given: Any) -> None:
            of = given[0] if given else ""
            self.told.append((name, of if isinstance(of, str) else of.info.case_id))

        return told


@pytest.mark.parametrize("share", [0.0, 0.01, 0.25, 1.0])
def test_the_share_is_met_and_follows_from_the_ids_alone(share: float) -> None:
    chosen = {case_id for case_id in IDS if sampled(case_id, share)}
    # the first 32 bits of the id's SHA-256, as a fraction, below the share
    assert chosen == {
        each for each in IDS if int.from_bytes(sha256(each.encode()).digest()[:4]) / 2**32 < share
    }
    spread = (share * (1 - share) / len(IDS)) ** 0.5
    assert abs(len(chosen) / len(IDS) - share) <= 4 * spread


def test_a_larger_share_shows_every_case_that_a_smaller_one_does() -> None:
    shares = [{case_id for case_id in IDS if sampled(case_id, share)} for share in (0.01, 0.1, 0.5, 1.0)]
    assert shares == sorted(shares, key=len)
    assert all(fewer < more for fewer, more in pairwise(shares))


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_mlflow_is_told_all_of_a_case_or_nothing(share: float) -> None:
    inner = Noting()
    tracker = SampledTracker(cast(Any, inner), share)
    for case_id in IDS[:100]:
        tracker.case_opened(cast(Any, SimpleNamespace(info=SimpleNamespace(case_id=case_id))))
        tracker.decided(case_id, cast(Any, None))
        tracker.attempt_finished(case_id, cast(Any, None), None, ())
        tracker.case_closed(case_id, CaseStatus.ACCEPTED, None, None)
    steps = ("case_opened", "decided", "attempt_finished", "case_closed")
    assert inner.told == [(step, each) for each in IDS[:100] if sampled(each, share) for step in steps]
