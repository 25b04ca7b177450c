"""The JSON that calls of a function have in common."""

from typing import Any


def call_json(work: Any) -> dict[str, Any]:
    """What identifies a call beside the name of its function."""
    return {
        "kind": work.kind,
        "params": dict(work.params),
        "inputs": {name: blob.digest for name, blob in work.inputs.items()},
        "resources": work.resources.to_json(),
    }
