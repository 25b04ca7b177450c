"""Turns pydantic's findings into one line for the user: where, what was expected, what came."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from escalation.inputs.document import Place, shown
from escalation.model.complaints import apart, settle
from escalation.model.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)
Parsed = TypeVar("Parsed")
_TAGS = {"threshold", "all", "any"}


class Stated(Protocol):
    """Plain data, and what to say of a part of it; a `Document` is one."""

    data: Any

    def complain(self, place: Place, message: str) -> BadInput:
        """Returns the error that says where and what."""


def validated(model: type[Model], document: Stated, data: Any = None) -> Model:
    """Validates a document; raises its error naming the line of the first thing wrong."""
    data = document.data if data is None else data
    if not isinstance(data, dict):
        raise document.complain((), f"expected a mapping of fields, got {type(data).__name__}")
    try:
        found = model.model_validate(data)
    except ValidationError as error:
        for place, message in complaints(error):
            with apart():
                raise document.complain(place, message) from None
        settle()
        raise AssertionError from error
    if flag := next(_flags_for_numbers(data, found), None):
        raise document.complain(*flag)
    return found


_LISTS = ("tuple_type", "list_type", "set_type", "frozen_set_type")
_MAPPINGS = ("dict_type", "mapping_type", "model_type", "model_attributes_type")
_EXPECTED = {
    **dict.fromkeys(_LISTS, "a list"),
    **dict.fromkeys(_MAPPINGS, "a mapping of names to values"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "yes or no"),
    "string_type": "a text",
}
"""What was expected, in the words of who writes a file; pydantic names it after Python's types."""
_ITEMS = {
    **dict.fromkeys(("gates", "acceptance", "approvals"), "rule"),
    **dict.fromkeys(("all", "any"), "condition"),
    **{f"{name}s": name for name in ("tier", "waiver", "test", "change", "problem")},
}
"""What is in the lists of a policy or of a file of problems."""
_WORDS = {
    "Input should be ": "expected ",
    "greater than or equal to": "at least",
    "less than or equal to": "at most",
    "greater than": "more than",
}
_PLACES = {"when": "a condition", "unless": "a condition"}


def complaints(error: ValidationError) -> list[tuple[Place, str]]:
    """Returns the places that are wrong, each with what was found there first."""
    found: dict[Place, str] = {}
    for each in _apart_from_counts(error.errors()):
        found.setdefault(*_complaint(each))
    return list(found.items())


def _apart_from_counts(errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without lists that pydantic finds too short because it left out the items that are wrong."""
    inside = {each["loc"][:depth] for each in errors for depth in range(len(each["loc"]))}
    yield from (each for each in errors if each["type"] != "too_short" or each["loc"] not in inside)


def _complaint(found: ErrorDetails) -> tuple[Place, str]:
    place = found["loc"]
    # Discriminated unions put their tag into the place, behind the field they stand in.
    path = tuple(part for i, part in enumerate(place) if not (part in _TAGS and _is_tag(place, i)))
    if found["type"] == "extra_forbidden":
        return path, "unknown field; remove it or correct its spelling"
    if found["type"] == "missing":
        return path, "expected, but missing"
    given = found["input"]
    if found["type"] in _EXPECTED:
        return path, f"expected {_expected(found['type'], path)}, got {_given(given)}"
    message = own_words(found["msg"])
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    got = "" if isinstance(given, dict | list | BaseModel) else f", got {shown(given, quoted=True)}"
    return path, message[0].lower() + message[1:] + got


def _expected(kind: str, path: Place) -> str:
    """What was expected there: a list of rules, a rule, a condition, a number."""
    if path and kind in _LISTS and path[-1] in _ITEMS:
        return f"a list of {_ITEMS[str(path[-1])]}s"
    if kind in _MAPPINGS and len(path) > 1 and path[-2] in _ITEMS:
        return f"a {_ITEMS[str(path[-2])]}"
    return _PLACES.get(str(path[-1]), _EXPECTED[kind]) if path and kind in _MAPPINGS else _EXPECTED[kind]


def _given(value: Any) -> str:
    if isinstance(value, dict):
        return (
            f"a mapping of {', '.join(shown(name) for name in [*value][:3])}" if value else "an empty mapping"
        )
    return f"a list of {len(value)}" if isinstance(value, list | tuple) else shown(value, quoted=True)


def own_words(message: str) -> str:
    """What a validator of ours said, without what pydantic puts before it."""
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _is_tag(place: tuple[str | int, ...], index: int) -> bool:
    """A tag `all` is followed by the field `all`, which stays."""
    if place[index] == "threshold":
        return True
    return index + 1 < len(place) and place[index + 1] == place[index]


def parse(kind: type[Parsed], data: Any, what: str, *, told: frozenset[str | int] = frozenset()) -> Parsed:
    """Validates plain data from Python or a form; raises `BadInput` with one line.

    Args:
        kind: of the result.
        data: plain.
        what: begins the line.
        told: fields whose faults were told, and which `data` lacks for that.
    """
    try:
        found: Parsed = TypeAdapter(kind).validate_python(data)
    except ValidationError as error:
        faults = [(place, message) for place, message in complaints(error) if not told & {*place[:1]}]
        for place, message in faults:
            with apart():
                raise BadInput(_in_a_line(what, place, message)) from None
        wrong = {place[0] for place, _ in faults if place}
        if not isinstance(data, dict) or not wrong & set(data):
            settle()
        # for what else is wrong, where complaints are gathered
        rest = {name: value for name, value in data.items() if name not in wrong}
        return parse(kind, rest, what, told=told | wrong)
    if flag := next(_flags_for_numbers(data, found), None):
        raise BadInput(_in_a_line(what, *flag))
    return found


def _in_a_line(what: str, place: Place, message: str) -> str:
    return ": ".join(filter(None, (what, ".".join(map(shown, place)), message)))


def _flags_for_numbers(given: Any, found: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Places at which pydantic took a flag for the number 1 or 0, each with a complaint."""
    if isinstance(given, bool):
        if type(found) in (int, float):
            yield place, f"expected a number, got {str(given).lower()}"
    elif isinstance(given, Mapping) and isinstance(found, BaseModel | Mapping):
        for name, value in given.items():
            there = found.get(name) if isinstance(found, Mapping) else getattr(found, str(name), None)
            yield from _flags_for_numbers(value, there, (*place, name))
    elif isinstance(given, list | tuple) and isinstance(found, list | tuple):
        for index, (value, there) in enumerate(zip(given, found, strict=False)):
            yield from _flags_for_numbers(value, there, (*place, index))
