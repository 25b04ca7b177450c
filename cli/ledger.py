"""`tierwise ledger`: checks what is kept, and makes MLflow's view of it anew."""

import json
import sys
from pathlib import Path

from cli.terminal import plain, terminal
from escalation.inputs.user_files import read_bytes
from escalation.ports.configuration import settings
from escalation.text.wording import counted
from records.audit.audit import audit_site
from records.rebuilding import rebuild_view
from records.signing.keys import MOST_BYTES, VerifyingKey


def check(keys: list[Path], *, as_lines: bool) -> int:
    """Checks everything, a line a finding; returns 1 where there is one, else 0.

    Raises:
        BadInput: when the records cannot be opened, or a key is none.
    """
    known = [VerifyingKey.of_pem(read_bytes(path, MOST_BYTES), str(path)) for path in keys]
    with terminal(stderr=True).status("checking") as status:
        report = audit_site(keys=known, say=lambda how_far: status.update(f"checking: {how_far}"))
    if as_lines:
        sys.stdout.writelines(json.dumps({"finding": line}) + "\n" for line in report.findings)
    else:
        found = counted(len(report.findings), "finding", "findings")
        last = f"{report.said}: {found if report.findings else 'all as the ledger says'}"
        for line in (*report.findings, last):
            terminal().print(plain(line), soft_wrap=True)
    return 1 if report.findings else 0


def rebuild(into: str | None, artifacts: Path | None) -> int:
    """Makes MLflow's view anew; returns 1 where MLflow did not take all of it, else 0.

    Raises:
        BadInput: when there is something in MLflow already, or it cannot be used.
    """
    console = terminal()
    with terminal(stderr=True).status("reading the ledger") as status:
        made = rebuild_view(
            settings(), into, artifacts, lambda left: status.update(f"{left} more to be done")
        )
    console.print(plain(f"{counted(made.cases, 'case', 'cases')} in {made.place.shown}"), soft_wrap=True)
    for case_id in made.missing:
        console.print(plain(f"case {case_id} is not shown as the ledger has it"), soft_wrap=True)
    return 1 if made.missing else 0
