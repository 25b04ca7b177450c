"""The cases: toy problems by their number, of every kind of work, each tenth a piece of paid work."""

import random
from collections.abc import Iterator

from escalation.engine.case import Case
from escalation.engine.opening import prepare
from escalation.model.attempt import Attempt
from escalation.model.case import Outcome
from escalation.model.identity import digest_json
from escalation.model.problem import Problem, Target
from escalation.policy.policy import LoadedPolicy, parse_policy

DEVICE = "practice_boston"
PAUSE_S = 0.4
"""That each piece of classical work sleeps, so that there is something to be killed."""
LARGEST, AT_LEAST = 50, 40
_POLICY = """\
policy: {name}
summary: one method of the toy family, and where its work runs
tiers: [{tier}]
backends: {{{backend}}}
methods: {{toy: [{method}]}}
{gates}"""
_QUOTED = """\
gates:
  - id: known
    tier: quantum
    because: The quote has to be known.
    when: {fact: quote.shots, at_most: 100000}
"""
PAID = "paid"
_KINDS = {
    "local": ("ai", "local_call: local", "two_looks", ""),
    "mpi": ("hpc", "mpi_program: mpi", "scan", ""),
    "simulated": ("quantum", "circuit_batch: aer", "dice", _QUOTED),
    PAID: ("quantum", f'circuit_batch: "ibm_runtime:{DEVICE}"', "dice", _QUOTED),
}
_OF_TEN = ("local", PAID, "local", "mpi", "local", PAID, "local", "mpi", "local", "simulated")


def kind_of(number: int) -> str:
    """What kind of work a case consists of."""
    return _OF_TEN[number % len(_OF_TEN)]


def case_id(number: int) -> str:
    """The id of a case by its number."""
    return f"several-{kind_of(number)}-{number}"


def case(number: int) -> Case:
    """A case by its number: the same in every process."""
    rng = random.Random(number)
    numbers = [rng.randint(1, LARGEST) for _ in range(8)]
    problem = Problem(
        family="toy",
        instance={"numbers": numbers, "reach": 6, "pause_s": PAUSE_S},
        target=Target(metric="number", at_least=AT_LEAST),
        data_class="public",
        seed=number,
    )
    return prepare(problem, _policy(kind_of(number)), case_id(number))


def _policy(kind: str) -> LoadedPolicy:
    tier, backend, method, gates = _KINDS[kind]
    text = _POLICY.format(name=f"several-{kind}", tier=tier, backend=backend, method=method, gates=gates)
    return parse_policy(text)


def answer(outcome: Outcome) -> str:
    """The digest of all that must not depend on where a case ran, and on who was killed meanwhile."""
    return digest_json(
        {
            "status": str(outcome.status),
            "value": outcome.value,
            "answer": list(outcome.answer),
            "attempts": [list(_attempted(attempt)) for attempt in outcome.attempts],
            "decisions": [[str(each.action), each.rule, each.because] for each in outcome.decisions],
        }
    )


def _attempted(attempt: Attempt) -> Iterator[object]:
    yield from (str(attempt.tier), attempt.method, attempt.backend, attempt.seed, str(attempt.status))
    yield attempt.candidate
    yield None if attempt.certificate is None else attempt.certificate.digest
    yield [[work["work"], work["state"], work["result"]] for work in attempt.works]
