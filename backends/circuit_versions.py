"""Versions of what took part, read from package metadata without importing any of it."""

import platform
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
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
