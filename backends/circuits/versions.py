"""Versions of what took part, read from package metadata without importing any of it."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "qiskit",
    "qiskit-aer",
    "qiskit-ibm-runtime",
    "qiskit-qasm3-import",
    "samplomatic",
    "qiskit-mitigation",
    "ibm-quantum-schemas",
    "numpy",
)


def versions() -> dict[str, str]:
    """Returns the versions of Python and of every package that shapes a quantum result."""
    return dict(_read())


@cache
def _read() -> dict[str, str]:
    """Reads the metadata once a process: parsing it takes longer than a request to a service."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
