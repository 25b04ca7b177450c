"""A method of every family, on the machines furthest from hardware, is replayed both ways."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from escalation.engine.runtime import Runtime
from escalation.model.problem import Tier
from escalation.model.work import kinds
from escalation.ports.configuration import settings
from escalation.ports.registry import families
from escalation.testing.replaying import case_of, check_replay, free_machines, rungs
from records.runtime import open_runtime


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIERWISE_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("TIERWISE_TRACKING", "off")
        settings.cache_clear()
        with open_runtime() as opened:
            yield opened
    settings.cache_clear()


METHODS = [(name, *rung) for name, family in sorted(families().items()) for rung in list(rungs(family))[-1:]]
"""The last of each family, whose work goes to the most machines; `python -m bench.replay` has all of them."""


@pytest.mark.parametrize(("name", "method", "tier", "kind"), METHODS, ids=[f"{m[0]}-{m[1]}" for m in METHODS])
def test_a_family_replays_both_ways(runtime: Runtime, name: str, method: str, tier: Tier, kind: str) -> None:
    places = {each: free_machines(each)[0] for each in kinds() if free_machines(each)}
    # its own processes are warm by then; the case that work is run again for has an id of its own
    case = case_of(families()[name], method, tier, places)
    fed, again = check_replay(runtime, lambda: nullcontext(runtime), case)
    assert fed.works == again.run_again > 0
