"""Writes the tables of the reference pages from the code: `python -m docs.generate`.

A table stands between `<!-- generated: NAME -->` and `<!-- end -->`; what is around it is written by hand.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

REFERENCE = Path(__file__).resolve().parent / "reference"
BLOCK = re.compile(r"(<!-- generated: (?P<name>\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def facts() -> str:
    """Every fact that policies may name."""
    from escalation.policy.checks import known_facts

    rows = [
        (
            f"`{spec.name}`",
            str(spec.type),
            spec.unit or "",
            ", ".join(spec.choices) or _range(spec.within),
            str(spec.cost),
            _sentence(spec.doc),
        )
        for _, spec in sorted(known_facts().items())
    ]
    return table(("fact", "type", "unit", "within", "cost", "meaning"), rows)


def _range(within: tuple[float, float] | None) -> str:
    """`0 to 1`; `at least 0` where the most is the largest number there is."""
    if within is None or within[0] < 0:
        return ""
    return f"at least {within[0]:g}" if within[1] > 1e300 else f"{within[0]:g} to {within[1]:g}"


def floor_rules() -> str:
    """What stands below every policy."""
    from escalation.policy.floor import APPROVAL, GATES, PRICE

    rows = [(f"`{rule.id}`", _condition(rule.when), rule.because) for rule in GATES]
    rows.append(
        (f"`{APPROVAL.id}`", f"a person approves, unless {_condition(APPROVAL.when)}", APPROVAL.because)
    )
    rows.append((f"`{PRICE.id}`", _condition(PRICE.when), PRICE.because))
    return table(("rule", "open where", "why"), rows)


def _condition(when: Any) -> str:
    limit = getattr(when.limit, "fact", when.limit)
    said = "is yes" if limit is True else f"is {when.comparison.replace('_', ' ')} {limit}"
    return f"`{when.fact}` {said}"


def settings() -> str:
    """Every setting, as the environment spells it."""
    from escalation.inputs.settings import ROOT
    from escalation.ports.configuration import variables
    from escalation.ports.registry import is_ours

    rows = []
    for name, owner, field in variables():
        if owner and not is_ours(owner):
            continue
        given = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        default = "unset" if given is None else f"`{given}`".replace(f"{ROOT}/", "")
        whose = f"`{owner}`" if owner else ""
        rows.append((f"`{name}`", type_name(field.annotation), default, whose, _said(field)))
    return table(("variable", "type", "default", "of backend", "meaning"), rows)


def model(kind: type[BaseModel]) -> str:
    """The fields of a model of a YAML file."""
    rows = [
        (
            f"`{name}`",
            type_name(field.annotation),
            _default(field),
            _said(field),
        )
        for name, field in kind.model_fields.items()
    ]
    return table(("field", "type", "default", "meaning"), rows)


def amounts(title: str, kind: Any) -> str:
    """Every resource that is metered, as a budget or a cost writes it."""
    from escalation.model.metered import METERED

    default = "none" if kind.ABSENT is None else f"`{kind.ABSENT}`"
    rows = [
        (
            f"`{each.name}`",
            "number",
            default if each.always or kind.ABSENT is None else "not written",
            _WALL if (title, each.name) == ("Cost", "wall_s") else _sentence(kind.meaning(each)),
        )
        for each in METERED
    ]
    return table(("field", "type", "default", "meaning"), rows)


def shipped_families() -> str:
    """What a problem file says of every family in `problems/`: instance and target."""
    from escalation.ports.registry import families, resolve

    parts = []
    for name, descriptor in sorted(families().items()):
        if descriptor.shipped:
            specs = list(descriptor.models)
            goal = resolve(descriptor.form).model_fields["target"].annotation
            parts += [f"## Family {name}\n\n{descriptor.summary}\n", *map(_section, _with_inner(specs))]
            parts.append(f"### Target of {name}\n\n{inspect.getdoc(goal)}\n\n{model(goal)}")
    return "\n".join(parts)


def _with_inner(kinds: Sequence[type[BaseModel]]) -> list[type[BaseModel]]:
    """The models, each followed by those within it."""
    found: dict[type[BaseModel], None] = {}
    for kind in kinds:
        inner = [
            each
            for field in kind.model_fields.values()
            for each in (field.annotation, *get_args(field.annotation))
            if isinstance(each, type) and issubclass(each, BaseModel)
        ]
        found |= dict.fromkeys([kind, *_with_inner(inner)])
    return list(found)


def _section(kind: type[BaseModel]) -> str:
    return f"### {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n{model(kind)}"


def commands() -> str:
    """The commands with their arguments and options."""
    parts = []
    for words, command in command_tree():
        rows = [(f"`{_spelling(each)}`", each.help or "") for each in command.params]
        usage = " ".join(["tierwise", *words, *(_placeholder(each) for each in command.params)])
        parts.append(f"### tierwise {' '.join(words)}\n\n{command.help}\n\n```sh\n{usage}\n```\n")
        if rows:
            parts.append(table(("argument or option", "meaning"), rows))
    return "\n".join(parts)


def transitions() -> str:
    """Every transition of a submission."""
    from escalation.model.submission_states import TRANSITIONS

    rows = [
        (f"`{each.source}`", f"`{each.target}`", str(each.who), _sentence(each.when)) for each in TRANSITIONS
    ]
    return table(("from", "to", "who", "when"), rows)


def states() -> str:
    """Every state of a submission, and what it means for the case and for the bill."""
    from escalation.model.submission_states import SubmissionState

    def flag(value: bool) -> str:
        return "yes" if value else ""

    rows = [
        (f"`{each}`", _STATES[each], flag(each.answered), flag(each.may_be_charged), flag(each.final))
        for each in SubmissionState
    ]
    return table(("state", "meaning", "the case has its result", "the service may have a job", "final"), rows)


def command_tree() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words that name it."""
    import typer

    from cli.commands import app

    def walk(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        below = getattr(command, "commands", None)
        if below is None or command.invoke_without_command:
            yield words, command
        for name, each in (below or {}).items():
            yield from walk((*words, name), each)

    return walk((), typer.main.get_command(app))


def _spelling(parameter: Any) -> str:
    if parameter.opts[0].startswith("-"):
        return ", ".join(parameter.opts)
    return str(parameter.metavar or parameter.name.upper())


def _placeholder(parameter: Any) -> str:
    if not parameter.opts[0].startswith("-"):
        name = _spelling(parameter) + ("..." if parameter.nargs == -1 else "")
        return name if parameter.required else f"[{name}]"
    value = "" if getattr(parameter, "is_flag", False) else f" {parameter.name.upper()}"
    spelt = f"{parameter.opts[0]}{value}"
    return spelt if parameter.required else f"[{spelt}]"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def type_name(kind: Any) -> str:
    """A type in a reader's words: `number`, `text`, `list of text`, `one of a, b`."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_name(args[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(type_name(each) for each in args if each is not NoneType))
    if origin is Literal:
        return "one of " + ", ".join(f"`{each}`" for each in args)
    if origin in (tuple, list):
        return f"list of {type_name(args[0])}"
    if origin is dict:
        return f"map from {type_name(args[0])} to {type_name(args[1])}"
    return _class_name(kind)


def _class_name(kind: Any) -> str:
    if not isinstance(kind, type):
        return "a value"
    if issubclass(kind, StrEnum):
        return "one of " + ", ".join(f"`{each}`" for each in kind)
    if kind.__name__ in _AMOUNTS:
        return _AMOUNTS[kind.__name__]
    if issubclass(kind, BaseModel):
        return _SPECIAL.get(kind.__name__) or f"[{kind.__name__}](#{kind.__name__.lower()})"
    return _PLAIN.get(kind, "a value")


_AMOUNTS = {"Caps": "[Budget](#budget)", "Amounts": "[Cost](#cost)"}
_WALL = "Elapsed seconds; of an outcome all that its user waited, of an attempt its work."
_STATES: Mapping[str, str] = {
    "wanted": "The work and its tag are on record; nothing else has happened.",
    "frozen": "The exact bytes to be sent are in the store, and priced.",
    "asked": "A person has been asked about these bytes.",
    "authorised": "The cap is reserved in every budget, the approval used up.",
    "fenced": "A batch is open at the service, and on record; entered only where batches are used.",
    "sending": "The POST is about to happen, is happening, or its sender died in it.",
    "doubted": "Nobody knows whether the service has a job; the machine's strategy says how it is found out.",
    "parked": "The machine does not know how to go on; a person must look.",
    "submitted": "The service has the job, and its id is on record.",
    "fetched": "The job is final; its raw text is in the store, not yet decoded.",
    "settled": "The result is recorded and the case goes on; the bill is not final.",
    "done": "Billed.",
    "refused": "It was not sent, and never will be.",
    "cancelled": "It was given up.",
}
_CONDITION = "[condition](#condition)"
_SPECIAL = {
    "Attempt": "object", "Decision": "object",
    "Threshold": _CONDITION, "AllOf": _CONDITION, "AnyOf": _CONDITION, "FactLimit": "`{fact: NAME}`",
    "Closed": "object", "Waived": "object", "Alternative": "object", "Flip": "object", "Fact": "object",
    "Quote": "object",
    "FamilyGate": "[Gate](#gate)", "GateTest": "[PolicyTest](#policytest)",
}  # fmt: skip
_PLAIN: dict[Any, str] = {
    str: "text", int: "whole number", float: "number", bool: "flag", Path: "path", SecretStr: "secret text",
    datetime: "date and time",
}  # fmt: skip


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel | Mapping) or value == ():
        return "none"
    return f"`{value}`"


def _said(field: FieldInfo) -> str:
    limits = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    found = [
        f"{words} {getattr(each, name):,.10g}"
        for each in field.metadata
        for name, words in limits.items()
        if getattr(each, name, None) is not None
    ]
    return " ".join(filter(None, [_sentence(field.description or ""), _sentence(", ".join(found))]))


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text and text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def generators() -> Mapping[str, Callable[[], str]]:
    """What the pages may ask for, by name."""
    from escalation.model.amounts import Amounts, Caps
    from escalation.model.case import Outcome
    from escalation.model.certificate import Certificate, Control
    from escalation.model.elapsed import Elapsed
    from escalation.model.problem import ProblemFile, Target
    from escalation.model.told import Told
    from escalation.policy.conditions import Threshold
    from escalation.policy.extending import Change, Extension
    from escalation.policy.family_gates import GatesFile
    from escalation.policy.rules import (
        Acceptance,
        ApprovalRule,
        Gate,
        Policy,
        PolicyTest,
        Preference,
        SubmissionRules,
        Waiver,
    )

    kinds: tuple[type[BaseModel], ...] = (
        ProblemFile, Target, Policy, Extension, Change, GatesFile, Gate, Threshold, Acceptance, ApprovalRule,
        Waiver, Preference, SubmissionRules, PolicyTest, Outcome, Certificate, Control, Elapsed, Told,
    )  # fmt: skip
    made: dict[str, Callable[[], str]] = {
        "families": shipped_families, "facts": facts, "floor": floor_rules, "settings": settings,
        "commands": commands, "transitions": transitions, "submission-states": states,
    }  # fmt: skip
    for title, each in (("Budget", Caps), ("Cost", Amounts)):
        made[title] = lambda title=title, each=each: amounts(title, each)  # type: ignore[misc]
    for kind in kinds:
        made[kind.__name__] = lambda kind=kind: model(kind)  # type: ignore[misc]
    return made


def filled(text: str) -> str:
    """A page with its tables made anew.

    Raises:
        KeyError: when it asks for a table that is not known.
    """
    made = generators()
    return BLOCK.sub(lambda found: found[1] + made[found["name"]]() + found[3], text)


def main() -> None:
    """Brings the reference pages up to date."""
    for page in sorted(REFERENCE.glob("*.md")):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
