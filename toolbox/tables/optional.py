"""Libraries that one kind of file needs, and that a site may have left out."""

from importlib import import_module
from typing import Any

from escalation.model.errors import BadInput


def needed(module: str, what: str, group: str) -> Any:
    """Imports a library.

    Args:
        module: of Python.
        what: is read with it: `Excel workbooks`.
        group: of dependencies in pyproject.toml.

    Raises:
        BadInput: saying how to get it.
    """
    try:
        return import_module(module)
    except ImportError:
        library = module.partition(".")[0]
        raise BadInput(
            f"reading {what} needs {library}, which is not installed: .venv/bin/uv pip install --group "
            f"{group}"
        ) from None
