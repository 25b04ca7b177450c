"""Policies: versioned files that say which tiers open when, checked whole before anything runs."""

from pathlib import Path

from escalation.inputs.document import Document
from escalation.inputs.validation import validated
from escalation.model.errors import PolicyError
from escalation.model.frozen import Frozen
from escalation.policy.checks import check
from escalation.policy.extending import find_policy, resolved
from escalation.policy.layers import origins
from escalation.policy.rules import Policy


class LoadedPolicy(Frozen):
    """A policy that holds together.

    Attributes:
        policy: with all that it extends and takes in.
        text: of all of it, enough to make the same policy again.
        path: the file it was asked for by, for messages.
        families: those whose own gates it takes in.
    """

    policy: Policy
    text: str
    path: str
    families: tuple[str, ...] = ()

    @property
    def origins(self) -> dict[str, str]:
        """`FILE:LINE` of every rule by its id."""
        return origins(self.text, self.path)


def load_policy(name: str | Path) -> LoadedPolicy:
    """Reads and checks a policy: structure, facts, types, units, names, waivers. Its tests are run by
    `escalation.policy.policy_tests.run_tests`.

    Raises:
        PolicyError: with file and line, on the first thing wrong.
    """
    path = find_policy(name)
    return _checked(Document.read(path, PolicyError), path, str(path))


def parse_policy(text: str, name: str = "policy") -> LoadedPolicy:
    """Checks a policy given as text, as `load_policy` does; what it extends must ship."""
    return _checked(Document(name, text, PolicyError), None, name)


def _checked(document: Document, file: Path | None, name: str) -> LoadedPolicy:
    layers = resolved(document, file)
    policy = validated(Policy, layers)
    check(policy, layers)
    return LoadedPolicy(
        policy=policy, text=layers.text(), path=name, families=tuple(sorted(layers.taken_in - layers.closed))
    )
