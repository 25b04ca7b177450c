"""`tierwise policy try`: what a policy would have decided in one case, step by step."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console

from cli.policy_replay import exit_code
from cli.terminal import plain, terminal
from escalation.model.errors import CorruptRecord
from escalation.model.metered import METERED
from escalation.policy.backtest.comparing import Compared, DecisionChange, Gone, compare
from escalation.policy.backtest.past_case import PastCase
from escalation.policy.backtest.plans import Plans
from escalation.policy.backtest.tally import line
from escalation.policy.backtest.wording import course_words, reason_words, verdict_words
from escalation.policy.policy import load_policy
from escalation.policy.policy_tests import require_passing
from records.export.past import exported_case
from records.runtime import open_records


def try_policy(file: str, case: str, *, as_json: bool = False) -> int:
    """Prints what a policy would have decided in a case; returns the exit code.

    Raises:
        BadInput: when the policy does not hold together, or there is no such case.
        CorruptRecord: when a row of the case cannot be read.
    """
    past, loaded = _case(case), load_policy(file)
    found = list(compare(past, Plans(loaded.policy)))
    if found and found[0].gone is Gone.UNREADABLE:
        raise CorruptRecord(
            f"the row {found[0].missing[0]} cannot be read: `tierwise ledger check` says more"
        )
    require_passing(loaded, past.info["problem"]["family"])
    if as_json:
        for each in found:
            sys.stdout.write(json.dumps(line(each), sort_keys=True) + "\n")
    else:
        _print(terminal(), past, loaded.policy.policy, found)
    return exit_code(Counter(each.verdict for each in found))


def _case(named: str) -> PastCase:
    if os.path.sep in named or os.path.exists(named):
        return exported_case(Path(named))[1]
    with open_records() as (ledger, _):
        return ledger.past_case(named)


def _print(console: Console, past: PastCase, policy: str, found: list[Compared]) -> None:
    was = past.info["policy_name"]
    console.print(f"Case {plain(past.case_id)}, decided by {plain(was)}; {plain(policy)} would have decided:")
    if not found:
        console.print("   nothing, since nothing was decided yet")
    for each in found:
        console.print(f"{each.number + 1}. [bold]{plain(course_words(each.was))}[/]", soft_wrap=True)
        if each.gone is Gone.AFTER_CHANGE:
            console.print("   the record cannot tell: the case would have gone another way before")
            continue
        console.print(f"   {plain(policy)}: {plain(verdict_words(each))}", soft_wrap=True)
        for name in each.missing:
            console.print(f"     not on record: {plain(name)}", soft_wrap=True)
        for reason in each.reasons:
            console.print(f"     {plain(reason_words(reason))}", soft_wrap=True)
        if each.verdict is DecisionChange.CHANGED and each.now is not None:
            console.print(f"     {plain(_cost(each))}", soft_wrap=True)


def _cost(found: Compared) -> str:
    """What the change would have saved or cost, as far as the record can tell."""
    quoted = f"; it was quoted at {found.at_most_usd:.2f} USD at most" if found.at_most_usd else ""
    if found.saved is None:
        return f"what that would have cost or saved cannot be told: {found.gone}{quoted}"
    saved = ", ".join(each.in_words(found.saved[each.name]) for each in METERED if found.saved[each.name])
    return f"that would have saved {saved or 'nothing'}{quoted}"
