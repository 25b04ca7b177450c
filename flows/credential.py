"""The credential of a home's Prefect server: whoever shows it is the user. Standard library alone."""

import os
import secrets
import stat
from pathlib import Path

NAME = "credential"
_BYTES = 32


def credential_file(home: Path) -> Path:
    """Where the credential of the server with this home is kept."""
    return home / NAME


def credential(home: Path) -> str | None:
    """The credential, `user:password` as Prefect writes it; None where there is none yet."""
    try:
        return credential_file(home).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def make_credential(home: Path, stated: str | None = None) -> str:
    """Returns the credential, made at the first call; anew, where others could read or write its file.

    Args:
        home: the server's home; made, for its user alone, where it is missing.
        stated: the user's own choice, which is kept instead.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = stated or (credential(home) if _private(credential_file(home)) else None)
    wanted = wanted or f"tierwise:{secrets.token_urlsafe(_BYTES)}"
    if wanted != credential(home) or not _private(credential_file(home)):
        _write(credential_file(home), wanted)
    return wanted


def _private(file: Path) -> bool:
    """Whether it is a file of ours that nobody else can read or write."""
    try:
        status = file.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _write(file: Path, text: str) -> None:
    """Puts it in its place whole; two that do so at once each leave a whole one."""
    aside = file.with_name(f".{NAME}-{os.getpid()}-{secrets.token_hex(4)}")
    number = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as output:
        output.write(text + "\n")
    aside.replace(file)
