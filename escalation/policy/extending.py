"""A policy file with all that it extends and takes in, put together before it is checked as one policy.

Rules of what is extended hold as they stand; a file adds rules of its own, states single fields anew, and
changes an inherited rule only under `changes`, by its id and with a reason. Nothing is taken away.
"""

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from escalation.inputs.document import Document, shown
from escalation.inputs.settings import ROOT
from escalation.inputs.validation import validated
from escalation.model.errors import BadInput, PolicyError
from escalation.model.frozen import Frozen
from escalation.model.problem import Tier
from escalation.policy.conditions import Condition
from escalation.policy.family_gates import gates_alone, read_gates
from escalation.policy.layers import RULES, Layers
from escalation.policy.rules import Reason
from escalation.ports.registry import families, no_family
from escalation.text.nearest import did_you_mean

SHIPPED = ROOT / "policies"
OWN = ("policy", "summary", "tests")
"""Fields that are not inherited: a name, and tests, which are of the file that they stand in."""


class Change(Frozen):
    """An inherited rule with another condition."""

    rule: str = Field(description="Id of the rule.")
    because: str = Reason
    when: Condition | None = Field(None, description="Of a gate or an acceptance rule.")
    unless: Condition | None = Field(None, description="Of an approval.")


class Extension(Frozen):
    """What a policy file is built on."""

    extends: str | None = Field(
        None,
        description="A shipped policy, or a file beside this one (`NAME.yaml`): its rules hold here too.",
    )
    family_gates: Literal["all"] | tuple[str, ...] = Field(
        (),
        description="`all`, or the families whose own gates are taken in; each holds for its family alone.",
    )
    changes: tuple[Change, ...] = Field((), description="Inherited rules with other conditions.")


def find_policy(name: str | Path) -> Path:
    """Finds a policy by path, or by the name of one that ships."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or os.path.isfile(path):
        return path
    shipped = SHIPPED / f"{name}.yaml"
    if os.path.isfile(shipped):
        return shipped
    raise PolicyError(
        f"unknown policy {shown(str(name), quoted=True)}: expected a file or one of {_known()}"
        f"{did_you_mean(name, shipped_policies())}"
    )


def resolved(document: Document, file: Path | None, below: tuple[Path, ...] = ()) -> Layers:
    """Puts a policy together.

    Args:
        document: the policy file.
        file: where it stands, None for a text, which can extend only what ships.
        below: the files that are extended by way of this one, from the first.

    Raises:
        PolicyError: with file and line: an unknown parent, a circle, a change of what is not inherited.
    """
    if not isinstance(document.data, dict):
        raise document.complain((), f"expected a mapping of fields, got {type(document.data).__name__}")
    stated = {name: document.data[name] for name in Extension.model_fields if name in document.data}
    extension = validated(Extension, document, stated)
    layers = Layers(document)
    if extension.extends is not None:
        parent = _parent(extension.extends, document, file, below)
        name = str(parent.relative_to(ROOT)) if parent.is_relative_to(ROOT) else parent.name
        opened = Document.read(parent, PolicyError, name)
        chain = (*below, file.resolve()) if file is not None else below
        layers = resolved(opened, parent, chain).under(document, OWN)
    for name, value in document.data.items():
        if name not in Extension.model_fields:
            _state(layers, name, value, document)
    _take_in(layers, extension.family_gates, document)
    for index, change in enumerate(extension.changes):
        _change(layers, change, index, document)
    layers.resolved |= bool(stated)
    return layers


def _parent(name: str, document: Document, file: Path | None, below: tuple[Path, ...]) -> Path:
    """The file that is extended."""
    beside = name.endswith((".yaml", ".yml"))
    if Path(name).name != name or (beside and file is None):
        raise document.complain(("extends",), f"expected {_expected(file)}, got {shown(name, quoted=True)}")
    found = (file.parent / name if file is not None and beside else SHIPPED / f"{name}.yaml").resolve()
    chain = (*below, file.resolve()) if file is not None else below
    if found in chain:
        way = " → ".join(each.name for each in (*chain[chain.index(found) :], found))
        raise document.complain(("extends",), f"a circle, {way}: take one `extends` out")
    if not os.path.lexists(found):
        raise document.complain(
            ("extends",), f"unknown policy {shown(name, quoted=True)}: expected {_expected(file)}"
        )
    return found


def _expected(file: Path | None) -> str:
    beside = " or a file beside this one (NAME.yaml)" if file is not None else ""
    return f"one of {_known()}{beside}"


def _known() -> str:
    return ", ".join(shipped_policies())


def shipped_policies() -> tuple[str, ...]:
    """The names of the policies that ship."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def _state(layers: Layers, name: str, value: Any, document: Document) -> None:
    """A list of rules is added to, a mapping overrides field by field, anything else replaces."""
    there = layers.data.get(name)
    if name in RULES and isinstance(value, list) and isinstance(there, list | None):
        for index, rule in enumerate(value):
            layers.append(name, deepcopy(rule), document, (name, index))
    elif isinstance(value, Mapping) and isinstance(there, Mapping):
        for key, inner in value.items():
            layers.put((name, key), deepcopy(inner), document, (name, key))
    else:
        layers.put((name,), deepcopy(value), document, (name,))


def _take_in(layers: Layers, asked: Literal["all"] | tuple[str, ...], document: Document) -> None:
    """Adds the families' own gates, those of no family twice."""
    for name in sorted(families()) if asked == "all" else asked:
        if name not in families():
            raise document.complain(("family_gates",), no_family(name))
        if name not in layers.taken_in:
            layers.taken_in.add(name)
            try:
                _add_gates(layers, name)
            except BadInput as error:
                if families()[name].shipped:
                    raise
                layers.closed.add(name)
                _close(layers, name, str(error), document)


def _add_gates(layers: Layers, name: str) -> None:
    """Adds a family's gates, all or none."""
    known = {rule.get("id") for rule in layers.data.get("gates") or () if isinstance(rule, dict)}
    stated = read_gates(name)
    if not families()[name].shipped:  # a mistake of a site's package must be found here, and stop it alone
        for gate in gates_alone(name).gates:
            if gate.id in known:
                raise PolicyError(f"{stated.name}: the id {gate.id!r} is used twice; begin ids with {name}_")
    for index, gate in enumerate(stated.data["gates"]):
        layers.append("gates", {**gate, "families": [name]}, stated, ("gates", index))


def _close(layers: Layers, name: str, why: str, document: Document) -> None:
    """Closes every tier for a site's own family whose gates cannot be had: what they guard is not known."""
    never = [{"fact": "problem.data_may_leave_site", "equals": value} for value in (True, False)]
    for tier in Tier:
        gate = {
            "id": f"{name}_gates_{tier}",
            "tier": str(tier),
            "because": f"Its conditions cannot be used: {why}.",
        }
        layers.append(
            "gates", gate | {"when": {"all": never}, "families": [name]}, document, ("family_gates",)
        )


def _change(layers: Layers, change: Change, index: int, document: Document) -> None:
    places = [
        (section, at)
        for section in ("gates", "acceptance", "approvals")
        for at, rule in enumerate(layers.data.get(section) or ())
        if isinstance(rule, dict) and rule.get("id") == change.rule
    ]
    here = ("changes", index)
    if not places:
        raise document.complain((*here, "rule"), f"no rule {change.rule!r} is inherited")
    field = "unless" if places[0][0] == "approvals" else "when"
    if getattr(change, field) is None or (change.when and change.unless):
        raise document.complain(
            here, f"{change.rule!r} is one of the {places[0][0]}: expected `{field}` alone"
        )
    for name in ("because", field):
        layers.put((*places[0], name), document.data["changes"][index][name], document, (*here, name))
