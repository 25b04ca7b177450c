"""The ladder and its sisters as Prefect flows."""

from escalation.inputs.surroundings import settle

settle()

from flows.engine import lone_server  # noqa: E402

lone_server()
