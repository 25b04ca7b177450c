"""Amounts of what is metered, in three types that differ in what it means that one is absent.

`Amounts` were used or asked for: what is absent is none. `Bounds` were quoted: what is absent is none, and of
what is None nobody can know. `Caps` are allowed: what is absent is unlimited. All are frozen mappings
from the names in `METERED`, read by item or attribute, and written flat under these names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Self, TypeVar, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from escalation.model.metered import CHARGED, METERED, Metered

Value_co = TypeVar("Value_co", covariant=True)
_NAMES = {each.name: each for each in METERED}


class _Named(Mapping[str, Value_co]):
    """A frozen mapping over every name in `METERED`.

    Raises:
        pydantic.ValidationError: on construction, for a name that is not declared or a value out of range.
    """

    __slots__ = ("_values",)
    _values: Mapping[str, Value_co]
    ABSENT: ClassVar[float | None] = 0.0
    _check: ClassVar[Callable[[Any], dict[str, Any]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._check = SchemaValidator(cls._fields()).validate_python

    def __init__(self, **values: Value_co) -> None:
        self._keep(type(self)._check(values))

    def _keep(self, values: Mapping[str, Value_co]) -> None:
        present = {name: values[name] for name in _NAMES if values.get(name, self.ABSENT) != self.ABSENT}
        object.__setattr__(self, "_values", present)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The same from a mapping, such as the JSON that `to_json` gives."""
        return cls(**values)

    @classmethod
    def each(cls, value: Callable[[str], Any]) -> Self:
        """Made resource by resource."""
        return cls.of({name: value(name) for name in _NAMES})

    def but(self, **values: Any) -> Self:
        """The same with some amounts replaced."""
        return type(self).of({**self._values, **values})

    def __getitem__(self, name: str) -> Value_co:
        if name not in _NAMES:
            raise KeyError(name)
        return cast(Value_co, self._values.get(name, self.ABSENT))

    def __getattr__(self, name: str) -> Value_co:
        if name not in _NAMES:
            raise AttributeError(f"{type(self).__name__} has no {name}: expected one of {', '.join(_NAMES)}")
        return self[name]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed: `but` makes another")

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._values == other._values

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).of, (self._values,)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self._values.items())})"
        )

    def __str__(self) -> str:
        return repr(self)

    def told(self, of: Sequence[Metered] = METERED) -> list[tuple[Metered, Value_co]]:
        """What a record or a reader is told of: what there is, and what is always said."""
        return [(each, self[each.name]) for each in of if each.always or each.name in self._values]

    def to_json(self, of: Sequence[Metered] = METERED) -> dict[str, Value_co]:
        """The amounts by name, flat."""
        return {each.name: value for each, value in self.told(of)}

    @classmethod
    def _kind(cls, each: Metered) -> CoreSchema:
        """What is valid for a resource."""
        return core_schema.float_schema(allow_inf_nan=False)

    @classmethod
    def _fields(cls) -> CoreSchema:
        fields = {
            each.name: core_schema.typed_dict_field(cls._kind(each), required=False) for each in METERED
        }
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid")

    @classmethod
    def _validated(cls, value: Any, check: Callable[[Any], dict[str, Any]]) -> Self:
        if isinstance(value, cls):
            return value
        found = cls.__new__(cls)
        found._keep(check(value))
        return found

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            cls._validated,
            cls._fields(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls.to_json, return_schema=core_schema.dict_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema of a form: a field a resource."""
        found = handler(cls._fields())
        for name, each in found["properties"].items():
            kinds = [kind for kind in each.pop("anyOf", ()) if kind["type"] != "null"]
            words = _NAMES[name].words
            each |= {**(kinds[0] if kinds else {}), "title": f"{words[0].upper()}{words[1:]}", "minimum": 0}
            each["description"] = cls.meaning(_NAMES[name])
        return {**found, "title": cls.__name__, "description": "An amount a resource."}

    @classmethod
    def meaning(cls, each: Metered) -> str:
        """What an amount of the resource means, for people."""
        return f"{each.words[0].upper()}{each.words[1:]}."


class Amounts(_Named[float]):
    """What was used, is asked for or is set aside; what is absent is none."""

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts.each(lambda name: self[name] + other[name])

    def __le__(self, other: "Amounts") -> bool:
        """Whether the other is enough: no amount is larger. Neither may be less than the other."""
        return all(value <= other[name] for name, value in self.items())

    def times(self, factor: float) -> "Amounts":
        """So many times as much of everything."""
        return Amounts.each(lambda name: factor * self[name])

    @classmethod
    def total(cls, found: Iterable["Amounts"]) -> "Amounts":
        """The sum by `exact_sum`."""
        found = tuple(found)
        return cls.each(lambda name: float(exact_sum(found, name)))

    def text(self, of: Sequence[Metered] = METERED) -> str:
        """The amounts with their units: `2.0 s, 3.20 USD`."""
        return ", ".join(each.shown(value) for each, value in self.told(of))

    @classmethod
    def columns(cls, found: Iterable["Amounts"]) -> tuple[Metered, ...]:
        """What a table of them has a column for: what is always said, and what any of them has."""
        said = {each for amounts in found for each, _ in amounts.told()}
        return tuple(each for each in METERED if each.always or each in said)


class Bounds(_Named[float | None]):
    """What something needs at most; what is absent is none, and None cannot be known."""

    @classmethod
    def _kind(cls, each: Metered) -> CoreSchema:
        return core_schema.nullable_schema(core_schema.float_schema(ge=0, allow_inf_nan=False))

    def __add__(self, other: "Bounds") -> "Bounds":
        def total(name: str) -> float | None:
            a, b = self[name], other[name]
            return None if a is None or b is None else a + b

        return Bounds.each(total)

    def beyond(self, wanted: Amounts, of: Sequence[Metered] = METERED, slack: float = 1.0) -> str:
        """Says which amounts are more than `slack` times what was quoted; empty where none is.

        Nothing is within what is unknown, not even 0.
        """
        over = [
            f"{each.in_words(wanted[each.name])} ({'unknown' if bound is None else each.in_words(bound)})"
            for each, bound in ((each, self[each.name]) for each in of)
            if bound is None or wanted[each.name] > bound * slack
        ]
        return f"{' and '.join(over)} are more than was quoted" if over else ""


class Caps(_Named[float | None]):
    """What may be spent; what is absent is unlimited. Caps combine by minimum with `&`."""

    ABSENT = None

    @classmethod
    def _kind(cls, each: Metered) -> CoreSchema:
        least, above = (0.0, None) if each.charged else (None, 0.0)
        return core_schema.nullable_schema(core_schema.float_schema(allow_inf_nan=False, ge=least, gt=above))

    @classmethod
    def meaning(cls, each: Metered) -> str:
        said = super().meaning(each).removesuffix(".")
        return f"{said}, at most{'; 0 allows none' if each.charged else ', above zero'}."

    def __and__(self, other: "Caps") -> "Caps":
        return Caps.each(
            lambda name: min((x for x in (self[name], other[name]) if x is not None), default=None)
        )

    def left(self, spent: Amounts) -> "Caps":
        """What is left of them; never below zero, and a positive sliver where zero is not allowed."""

        def rest(name: str) -> float | None:
            cap, least = self[name], 0.0 if _NAMES[name].charged else SLIVER
            return None if cap is None else max(cap - spent[name], least)

        return Caps.each(rest)

    def used_up(self, spent: Amounts) -> str | None:
        """Says which of what is not charged is used up; what is charged is asked for before it is spent."""
        for name, cap in self.items():
            if cap is not None and not _NAMES[name].charged and spent[name] >= cap:
                each = _NAMES[name]
                return f"{each.number(spent[name])} of the {cap:.15g} {each.words} that were allowed"
        return None

    def short(self, taken: Sequence[Amounts], wanted: Amounts) -> str:
        """Says what has no room beside all that is taken for what is wanted; empty where everything has.

        Of what is charged: nothing else is set aside.
        """
        for each in CHARGED:
            cap, has, more = self[each.name], exact_sum(taken, each.name), exact_sum((wanted,), each.name)
            if cap is not None and has + more > Decimal(repr(cap)):
                said = f"{has.normalize():f} of {cap:.15g} {each.words} are reserved or spent"
                return f"{said}, and up to {more.normalize():f} are wanted"
        return ""


SLIVER = 1e-3


def exact_sum(found: Iterable[Amounts], name: str) -> Decimal:
    """The sum of one resource, of the numbers as they are written: three times 0.1 is 0.3."""
    return sum((Decimal(repr(each[name])) for each in found), Decimal(0))
