"""Environment of a run: code, lock, interpreter, machine. Goes into every record."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from escalation.inputs.settings import ROOT
from escalation.model.identity import digest_bytes

PACKAGES = ("numpy", "scipy", "scikit-learn", "xgboost", "mapie", "prefect", "mlflow")
"""Those that shape a record whatever the backends."""


def environment(engine: str, packages: Iterable[str] = ()) -> dict[str, Any]:
    """Returns code commit, lock hash, interpreter, machine and versions as plain data.

    Args:
        engine: what drives the case.
        packages: the distributions that backends name beside `PACKAGES`.
    """
    return {**_fixed(), "packages": versions((*PACKAGES, *packages)), "engine": engine}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The versions of those distributions that are installed, by name."""
    return {name: found for name in sorted(set(packages)) if (found := _version(name))}


@cache
def _fixed() -> dict[str, Any]:
    return {
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "lock": lock_digest(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "cpu_features": cpu_features(),
    }


def lock_digest() -> str | None:
    """SHA-256 of the lock file."""
    path = ROOT / "requirements.lock"
    return digest_bytes(path.read_bytes()) if path.exists() else None


def cpu_features() -> str | None:
    """SHA-256 of the processor's sorted feature flags: floating-point kernels are chosen by them."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            flags = next(line for line in lines if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        return None
    return hashlib.sha256(" ".join(sorted(flags.partition(":")[2].split())).encode()).hexdigest()


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(*args: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *args],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
