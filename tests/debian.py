"""Debian packages that tests need: installed where they are missing and root may."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from records.ledger.locking import file_lock

_PATIENCE_S = 120.0
_LOCK = Path(tempfile.gettempdir()) / "tierwise-tests-debian.lock"
_NO_SERVICES = Path("/usr/sbin/policy-rc.d")
"""What invoke-rc.d(8) asks before it starts a service; 101 forbids it."""
_ENVIRONMENT = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
_OPTIONS = (
    *("-qq", "-y", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"),
    *("-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=100"),
)


class Missing(Exception):
    """There is no such package, and no way to get one; says why in one line."""


def installed(found: Path, *packages: str) -> Path:
    """Returns a file or folder that packages bring, after installing them where it is missing.

    Raises:
        Missing: when it is not there then.
    """
    with file_lock(_LOCK):
        if not found.exists():
            _install(*packages)
    if not found.exists():
        raise Missing(f"expected {found} after the installation of {' '.join(packages)}, got none")
    return found


def install(*packages: str) -> None:
    """Installs packages with apt-get, starting no service; raises `Missing` where that is not possible."""
    with file_lock(_LOCK):
        _install(*packages)


def _install(*packages: str) -> None:
    names = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"expected Debian's {names}, or root and apt-get to install it")
    try:
        _run("update")
        with _no_services():
            _run("install", "--no-install-recommends", *packages)
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise Missing(f"{names} could not be installed with apt-get: {said[-1]}") from None


@contextmanager
def _no_services() -> Iterator[None]:
    """Images of containers forbid services already; elsewhere they are forbidden as long as this lasts."""
    if _NO_SERVICES.exists():
        yield
        return
    _NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
    _NO_SERVICES.chmod(0o755)
    try:
        yield
    finally:
        _NO_SERVICES.unlink()


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
