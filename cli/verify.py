"""`tierwise verify`."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from cli.terminal import plain, terminal
from escalation.inputs.user_files import read_bytes, shown
from escalation.ports.configuration import settings
from records.audit.exported import mlflow_findings
from records.export.verifying import Verified, verify_export
from records.signing.keys import MOST_BYTES, VerifyingKey, find_key


def verify_and_say(
    path: Path, key: Path | None, mlflow: str | None, *, other_version: bool, as_object: bool
) -> int:
    """Verifies an export, and says what does not fit and whose key was trusted; returns 1 where it does not.

    Raises:
        BadInput: when there is no export, the key cannot be read, or MLflow cannot be asked.
    """
    trusted, whose = _trusted(key)
    found = verify_export(path, trusted, other_version=other_version)
    if mlflow is not None:
        more = mlflow_findings(found.files, mlflow, settings())
        found = replace(found, findings=(*found.findings, *more))
    if as_object:
        said = {
            "findings": found.findings,
            "key_id": found.key_id,
            "key": whose,
            "unchecked": found.unchecked,
        }
        sys.stdout.write(json.dumps(said) + "\n")
    else:
        _say(path, found, whose)
    return 1 if found.findings else 0


def _trusted(key: Path | None) -> tuple[VerifyingKey | None, str]:
    """The key that is trusted, and whose that is, in words."""
    if key is not None:
        return VerifyingKey.of_pem(read_bytes(key, MOST_BYTES), shown(key)), shown(key)
    own = find_key(settings())
    return (None, "in the export itself") if own is None else (own.public, "of this site")


def _say(path: Path, found: Verified, whose: str) -> None:
    console = terminal()
    for line in found.findings:
        console.print(f"[red]{plain(line)}[/]", soft_wrap=True, highlight=False)
    if not found.findings:
        console.print(plain(f"{shown(path)}: all fits"), soft_wrap=True, highlight=False)
    for line in found.unchecked:
        console.print(f"[yellow]{plain(line)}[/]", soft_wrap=True, highlight=False)
    console.print(plain(f"key {found.key_id}, {whose}"), soft_wrap=True, highlight=False)
    if found.own:
        console.print(
            "Whose key that is, no export can prove: hold its id against what the site says, or give --key",
            soft_wrap=True,
        )
