"""A form becomes the parameters of a flow, and the page that Prefect shows of them."""

import inspect
from enum import StrEnum
from typing import Any, ClassVar

from prefect.utilities.callables import parameter_schema
from pydantic import Field

from escalation.ports.forms import RESERVED, Form, Part, as_it_stands, parameters, shown
from escalation.ports.pages import Tab
from flows.forms import CommonFields


class Way(StrEnum):
    """How to get there."""

    FOOT = "foot"
    RAIL = "rail"
    ROAD = "road"


class Trip(Part):
    """A way to somewhere."""

    tabs: ClassVar = (
        Tab("By yourself", ("way", "km"), choices={"way": [Way.FOOT]}),
        Tab("Carried", ("line",), ("way",), {"way": [Way.RAIL, Way.ROAD]}),
    )

    way: Way = Field(Way.ROAD, title="By", description="How.")
    km: int | None = Field(None, ge=1, title="Kilometres", description="How far.", json_schema_extra=shown(3))
    line: str | None = Field(None, title="Line", description="Which.")


class Journey(Form):
    """Where to, and when."""

    stops: list[str] = Field([], description="On the way.")
    trip: Trip = Field(title="Your trip", description="How to get there.")
    seats: int | None = Field(None, ge=1, le=9, description="How many.")


def page() -> dict[str, Any]:
    """What Prefect makes of a flow with the form's parameters."""

    def travel() -> None: ...

    travel.__signature__ = inspect.Signature(parameters(Journey))  # type: ignore[attr-defined]
    schema: dict[str, Any] = parameter_schema(travel).model_dump()
    return schema


def test_fields_are_in_the_forms_order_with_titles_and_what_must_be_given_is_marked() -> None:
    fields = page()["properties"]
    assert [name for name, _ in sorted(fields.items(), key=lambda each: each[1]["position"])] == [
        "stops", "trip", "seats"
    ]  # fmt: skip
    assert [fields[name]["title"] for name in ("stops", "trip", "seats")] == ["Stops", "Your trip", "Seats"]
    assert fields["trip"]["description"] == "How to get there."
    assert page()["required"] == ["trip"]


def test_a_field_that_may_be_empty_is_no_choice_of_none() -> None:
    seats = page()["properties"]["seats"]
    assert (seats["type"], seats["minimum"], seats["maximum"], "anyOf" in seats) == ("integer", 1, 9, False)


def test_a_part_with_tabs_asks_on_each_for_its_own_fields() -> None:
    first, second = page()["properties"]["trip"]["anyOf"]
    assert (first["title"], list(first["properties"]), first["required"]) == (
        "By yourself", ["way", "km"], ["way", "km"]
    )  # fmt: skip
    assert (first["properties"]["way"]["enum"], first["properties"]["way"]["default"]) == (["foot"], "foot")
    km = first["properties"]["km"]
    assert (km["type"], km["minimum"], km["default"], "anyOf" in km) == ("integer", 1, 3, False)
    assert (second["title"], list(second["properties"]), second["required"]) == (
        "Carried", ["line", "way"], ["line"]
    )  # fmt: skip
    assert second["properties"]["way"] == {
        "type": "string", "enum": ["rail", "road"], "default": "road", "title": "By", "description": "How."
    }  # fmt: skip
    assert second["properties"]["line"] == {"type": "string", "title": "Line", "description": "Which."}


def test_the_form_as_it_stands_is_filled_in_on_the_first_tab() -> None:
    assert as_it_stands(Journey) == {"stops": [], "trip": {"way": "foot", "km": 3}}
    filled: Any = Journey.filled({"trip": {"way": "foot", "km": 3, "line": ""}})
    assert filled.instance() == {"way": "foot", "km": 3}


def test_the_reserved_names_are_those_that_every_flow_asks_for() -> None:
    assert tuple(CommonFields.model_fields) == RESERVED
