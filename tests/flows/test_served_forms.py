"""What Prefect's pages have filled in for every family, as both of them read what they are served."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate

from escalation.engine.opening import parse_problem
from escalation.ports.registry import families, resolve
from flows.forms import entry_flow, stated

Schema = Mapping[str, Any]


def filled_in(fields: Schema, definitions: Schema) -> Iterator[tuple[str, Any]]:
    """The default of a field, else those of the fields below it, on the first of its tabs.

    Of a definition elsewhere the first pages (V1) show fields, and no tabs.
    """
    for name, field in fields.items():
        below = definitions.get(str(field.get("$ref", "")).rpartition("/")[2], {})
        assert "anyOf" not in below, f"{name}: a box for JSON in the first pages"
        first = field.get("anyOf", [below or field])[0]
        if field.get("default") is not None:
            yield name, field["default"]
        elif "properties" in first:
            yield name, dict(filled_in(first["properties"], definitions))


@pytest.mark.parametrize("name", sorted(families()))
def test_the_form_as_the_pages_open_it_states_a_valid_problem(name: str) -> None:
    descriptor = families()[name]
    served = parameter_schema(entry_flow(name)).model_dump()
    shown = dict(filled_in(served["properties"], served["definitions"]))
    assert [each.message for each in validate(shown, served)] == []
    problem = parse_problem(stated(descriptor, shown))
    resolve(descriptor.family)().check_target(problem.target)
    descriptor.check_instance(problem.instance)
