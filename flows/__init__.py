"""The ladder and its sisters as Prefect flows."""
