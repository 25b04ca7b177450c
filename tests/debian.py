"""Debian packages that tests need: installed where they are missing and root may."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from records.ledger.locking import file_lock

_PATIENCE_S = 120.0
_LOCK = Path(tempfile.gettempdir()) / "tierwise-tests-debian.lock"
_ENVIRONMENT = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
_OPTIONS = (
    *("-qq", "-y", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"),
    *("-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=100"),
)


class Missing(Exception):
    """There is no such package, and no way to get one; says why in one line."""


def installed(package: str, found: Path) -> Path:
    """Returns the file or folder that a package brings, after installing it where that is missing.

    Raises:
        Missing: when it is not there then.
    """
    with file_lock(_LOCK):
        if not found.exists():
            install(package)
    if not found.exists():
        raise Missing(f"expected {found} after the installation of {package}, got none")
    return found


def install(package: str) -> None:
    """Installs a package with apt-get; raises `Missing` where that is not possible."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"expected Debian's {package}, or root and apt-get to install it")
    try:
        _run("update")
        _run("install", "--no-install-recommends", package)
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise Missing(f"{package} could not be installed with apt-get: {said[-1]}") from None


def _run(*arguments: str) -> None:
    command = ["apt-get", *_OPTIONS, *arguments]
    subprocess.run(
        command,
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=_PATIENCE_S,
    )
