"""The gates that a family brings along: `gates.yaml` in its folder, with their tests.

They apply to problems of the family alone. Policies that say `family_gates` take them in.
"""

from typing import Any

from pydantic import Field

from escalation.inputs.document import Document
from escalation.inputs.validation import validated
from escalation.model.errors import PolicyError
from escalation.model.frozen import Frozen
from escalation.model.problem import Tier
from escalation.policy.checks import check_gates
from escalation.policy.layers import Layers
from escalation.policy.rules import FamilyGate, GateTest, Policy
from escalation.ports.registry import families


class GatesFile(Frozen):
    """A family's `gates.yaml`."""

    gates: tuple[FamilyGate, ...] = Field(description="Gates for problems of the family; none is `[]`.")
    tests: tuple[GateTest, ...] = Field((), description="Facts and what the gates alone make of them.")


def read_gates(name: str) -> Document:
    """Opens a family's gates, checked in their structure.

    Raises:
        PolicyError: with file and line; a family without the file is refused, since a gate in a misspelt
            file would stand open.
        BadInput: where the family has no folder.
    """
    descriptor = families()[name]
    document = Document.read(descriptor.gates_file, PolicyError, descriptor.gates_name)
    validated(GatesFile, document)
    return document


def gates_alone(name: str) -> Policy:
    """A policy that is nothing but a family's gates, for their own tests.

    Raises:
        PolicyError: with file and line, on the first thing wrong.
    """
    document = read_gates(name)
    found = validated(GatesFile, document)
    layers = Layers(document)
    layers.data = document.data
    policy = Policy(
        policy=name,
        summary=f"The conditions of {name} alone.",
        tiers=tuple(Tier),
        backends={},
        gates=tuple(_of(name, gate) for gate in found.gates),
        tests=tuple(_asked(name, test) for test in found.tests),
    )
    check_gates(policy, layers)
    return policy


def _of(name: str, gate: FamilyGate) -> Any:
    return {**gate.model_dump(), "families": (name,)}


def _asked(name: str, test: GateTest) -> Any:
    return {**test.model_dump(), "family": name}
