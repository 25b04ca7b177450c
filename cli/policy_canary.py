"""`tierwise policy canary`."""

import json
import sys
from dataclasses import asdict

from cli.terminal import plain, show_table, terminal
from escalation.policy.canary.guard import Arm, CanaryState, guard
from escalation.policy.policy import load_policy
from escalation.ports.configuration import settings
from records.runtime import open_records

ENDED = 5
"""Exit code of a canary that was ended, or is about to be."""


def canary(*, as_json: bool = False) -> int:
    """Prints how the canary does; returns the exit code.

    Raises:
        PolicyError: when the canary does not hold together.
    """
    own, console = settings(), terminal(quiet=as_json)
    if own.canary_policy is None:
        console.print("no canary: TIERWISE_CANARY_POLICY names none")
        if as_json:
            sys.stdout.write(json.dumps({"policy": None}) + "\n")
        return 0
    policy = load_policy(own.canary_policy).policy
    with open_records() as (ledger, _):
        ended = ledger.canary_ended(policy.digest)
        found = guard(ledger.canary_count(policy.digest, own.canary_of, own.canary_bound), own.canary_error)
    if as_json:
        said = {"policy": policy.policy, "digest": policy.digest, "of": own.canary_of, "ended": ended}
        sys.stdout.write(
            json.dumps({**said, "share": own.canary_share, **asdict(found)}, sort_keys=True) + "\n"
        )
    else:
        console.print(
            f"{plain(policy.policy)} ({policy.digest[:12]}) gets {100 * own.canary_share:g} % "
            f"of the cases of {plain(own.canary_of)}"
        )
        _table(found)
        if ended or found.because:
            console.print(f"[red]ended[/]: {plain(ended or found.because)}")
    return ENDED if ended or found.because else 0


def _table(found: CanaryState) -> None:
    console = terminal()
    head = ("policy", "cases ended", "failed, refused or held", "share, with confidence", "USD")
    show_table(console, head, [_row("canary", found.canary), _row("acting", found.acting)])
    if found.pairs:
        console.print(f"dearer than the acting policy's case before: {found.dearer} of {found.pairs}")


def _row(name: str, arm: Arm) -> tuple[str, ...]:
    between = f"{100 * arm.least:.1f} to {100 * arm.most:.1f} %"
    return name, str(arm.cases), str(arm.bad), between, f"{arm.usd:.2f}"
