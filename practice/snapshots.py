"""The devices whose data ship with IBM's client, read from its files without importing it."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from practice.errors import UnusableJob


@cache
def configuration(name: str) -> dict[str, Any]:
    """What IBM's service says that a device is; `name` without any prefix, `boston`."""
    return _read(name, "conf")


@cache
def properties(name: str) -> dict[str, Any]:
    """What IBM's service says that a device measured of itself."""
    return _read(name, "props")


def _read(name: str, part: str) -> dict[str, Any]:
    file = _folder() / name / f"{part}_{name}.json"
    if not file.is_file():
        known = sorted(file.parent.name for file in _folder().glob("*/props_*.json"))
        raise UnusableJob(f"devices: expected some of {', '.join(known)}, got {name!r}")
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return data


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    if spec is None or spec.origin is None:
        raise UnusableJob("the devices' data ship with qiskit-ibm-runtime, which is not installed")
    return Path(spec.origin).parent / "fake_provider" / "backends"
