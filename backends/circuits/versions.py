"""Versions of what took part, read from package metadata without importing any of it."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("qiskit", "qiskit-aer", "qiskit-qasm3-import", "numpy")


def versions(*further: str) -> dict[str, str]:
    """Returns the versions of Python and of every package that shapes a quantum result, and `further`."""
    return dict(_read(further))


@cache
def _read(further: tuple[str, ...]) -> dict[str, str]:
    """Reads the metadata once a process: parsing it takes longer than a request to a service."""
    versions = {"python": platform.python_version()}
    for name in dict.fromkeys((*PACKAGES, *further)):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions
