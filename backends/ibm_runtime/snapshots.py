"""The calibration snapshots that ship with IBM's client, read from its files without importing it."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from escalation.model.errors import BackendError

PREFIX = "fake_"
MIN_QUBITS = 27
# warns by itself that its errors are not typical: not a real calibration
NOT_REAL = frozenset({"nighthawk"})


@cache
def root() -> Path:
    """The folder with a folder for every snapshot.

    Raises:
        BackendError: when the client is not installed.
    """
    spec = importlib.util.find_spec("qiskit_ibm_runtime")
    if spec is None or spec.origin is None:
        raise BackendError("qiskit-ibm-runtime is not installed; run `make install`")
    return Path(spec.origin).parent / "fake_provider" / "backends"


@cache
def names() -> tuple[str, ...]:
    """Names of the snapshots of devices of at least `MIN_QUBITS` qubits, sorted."""
    folders = sorted(folder.name for folder in root().iterdir() if (folder / "__init__.py").exists())
    return tuple(PREFIX + name for name in folders if name not in NOT_REAL and _is_real(name))


def _is_real(name: str) -> bool:
    files = [root() / name / f"{part}_{name}.json" for part in ("conf", "props")]
    return all(file.exists() for file in files) and configuration(PREFIX + name)["n_qubits"] >= MIN_QUBITS


def configuration(device: str) -> dict[str, Any]:
    """Returns the device's configuration as IBM publishes it."""
    return _read(device, "conf")


def properties(device: str) -> dict[str, Any]:
    """Returns the device's calibration as IBM publishes it."""
    return _read(device, "props")


def _read(device: str, part: str) -> dict[str, Any]:
    name = device.removeprefix(PREFIX)
    data: dict[str, Any] = json.loads((root() / name / f"{part}_{name}.json").read_text())
    return data
