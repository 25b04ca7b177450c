"""The one piece of paid work of every cell: a Bell pair on a device of the practice service."""

import io
from functools import cache
from pathlib import Path

import numpy as np

from backends.ibm_runtime.settings import IbmSettings
from bench.fault_matrix.placements import SETTLE_S
from escalation.engine.case import Case
from escalation.engine.opening import prepare
from escalation.engine.steps import Item
from escalation.inputs.settings import ROOT, Settings
from escalation.model.amounts import Bounds, Caps
from escalation.model.blob import Blob
from escalation.model.case import WorkKey
from escalation.model.decision import Closed
from escalation.model.kinds.circuit_batch import CircuitBatch, Pub
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.policy.policy import parse_policy

DEVICE = "practice_boston"
BACKEND = f"ibm_runtime:{DEVICE}"
SHOTS = 64
CASE = "matrix"
KEY = WorkKey(CASE, 0, 0)
BELL = """\
OPENQASM 3.0;
include "stdgates.inc";
bit[2] c;
qubit[2] q;
h q[0];
cx q[0], q[1];
c[0] = measure q[0];
c[1] = measure q[1];
"""
POLICY = f"""\
policy: matrix
summary: paid work of one circuit
tiers: [quantum]
backends: {{circuit_batch: "{BACKEND}"}}
gates:
  - id: known
    tier: quantum
    because: The quote has to be known.
    when: {{fact: quote.shots, at_most: 100000}}
"""
POOR_S = 1.0
"""QPU seconds of a budget without room: the cap of the work is 8 s."""


@cache
def bell() -> CircuitBatch:
    """The work."""
    empty = io.BytesIO()
    np.save(empty, np.zeros((1, 0)))
    return CircuitBatch((Pub(BELL, Blob(empty.getvalue()), (), SHOTS),), {"optimization_level": 1}, seed=7)


@cache
def case(poor: bool) -> Case:
    """The case that the work belongs to; its budget has room for it, or has not."""
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=600, qpu_s=POOR_S if poor else 60, usd=100),
    )
    return prepare(problem, parse_policy(POLICY), case_id=CASE)


@cache
def whole() -> Case:
    """A case that climbs from hpc by ai to the paid quantum tier, under the policy for practising.

    What that waits for a job is a part of a second here, too.
    """
    found = (ROOT / "policies" / "practice.yaml").read_text(encoding="utf-8")
    hurried = found.replace("wait_s: 300", "wait_s: 2")
    assert hurried != found
    problem = Problem(
        family="toy",
        instance={"numbers": [3, 1, 4, 1, 5, 9, 2, 6], "reach": 3},
        target=Target(metric="number", at_least=9),
        budget=Caps(wall_s=3600, qpu_s=60, usd=50),
        data_class="public",
        seed=7,
    )
    return prepare(problem, parse_policy(hurried), case_id=CASE)


def item(asked: bool) -> Item:
    """The work as the ladder asks for it; a person is to approve it, or not."""
    rule = Closed(gate="matrix", tier=Tier.QUANTUM, because="A person is to say yes or no.", misses=())
    return Item(
        key=KEY,
        work=bell(),
        backend=BACKEND,
        quote=Quote(amounts=Bounds(qpu_s=30, usd=50)),
        wall_s_left=None,
        label="quantum/bell",
        asks=(rule,) if asked else (),
    )


def settings(home: Path, url: str) -> Settings:
    """The submission at a quick pace: what is minutes at a real service is a part of a second here."""
    return Settings(home=home, settle_s=SETTLE_S, poll_s=0.03, doubt_s=30.0, usage_s=5.0).having(
        IbmSettings(ibm_url=url, usd_per_qpu_s=1.6)
    )
