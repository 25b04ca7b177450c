"""`tierwise policy replay`: a policy over past cases."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.terminal import plain, show_table, terminal
from escalation.model.cases_wanted import CasesWanted
from escalation.model.errors import BadInput
from escalation.model.metered import METERED
from escalation.policy.backtest.comparing import Compared, DecisionChange
from escalation.policy.backtest.parts import Backtest, parts
from escalation.policy.backtest.past_case import PastCase
from escalation.policy.backtest.tally import NOT_TOLD, line
from escalation.policy.backtest.wording import effect_words, reason_words
from escalation.policy.policy import load_policy
from escalation.policy.policy_tests import require_passing
from escalation.policy.rules import Policy
from escalation.ports.registry import families, no_family
from records.export.past import exported_cases
from records.runtime import open_records

CHANGES, CANNOT_TELL = 5, 3
"""Exit codes: some decision changes; none does, and of some nothing can be told."""


@dataclass(frozen=True)
class Cases:
    """Which past cases: of the ledger, or those of exports."""

    since: datetime | None = None
    family: str | None = None
    exports: tuple[Path, ...] = ()

    @contextmanager
    def read(self, *, outcomes: bool) -> Iterator[Iterator[PastCase]]:
        """The cases, in order.

        Raises:
            BadInput: when there is no such family, an export is none, or a choice would have no effect.
        """
        if self.family is not None and self.family not in families():
            raise BadInput(no_family(self.family))
        if not self.exports:
            with open_records() as (ledger, _):
                yield ledger.past_cases(CasesWanted(since=self.since, family=self.family), outcomes=outcomes)
            return
        if self.since or self.family:
            raise BadInput("expected no --since and no --family beside exports: name those that you want")
        yield iter(exported_cases(self.exports))


def replay(file: str, cases: Cases, *, changed: bool = False, as_json: bool = False) -> int:
    """Prints what a policy would have decided in past cases; returns the exit code.

    Raises:
        BadInput: when the policy does not hold together, or the cases cannot be read.
    """
    loaded = load_policy(file)
    require_passing(loaded, cases.family)
    console = terminal(quiet=as_json)
    with cases.read(outcomes=loaded.policy.budget.wall_s is not None) as past:
        found = Backtest()
        for part in parts(past, loaded.policy):
            found.add(part)
            for each in part.changed if changed else ():
                _say(console, each, as_json=as_json)
    if as_json:
        sys.stdout.write(json.dumps(found.summary(loaded.policy), sort_keys=True) + "\n")
    else:
        _tables(console, loaded.policy, found)
    return exit_code(found.tally.verdicts)


def exit_code(verdicts: Mapping[str, int]) -> int:
    """By how many decisions there are of each verdict."""
    if verdicts[DecisionChange.CHANGED]:
        return CHANGES
    return CANNOT_TELL if verdicts[DecisionChange.UNTOLD] else 0


def _say(console: Console, found: Compared, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(line(found), sort_keys=True) + "\n")
        return
    console.print(
        f"{plain(found.case_id)} decision {found.number + 1}: {plain(str(found.was))} → "
        f"{plain(str(found.now or NOT_TOLD))}",
        soft_wrap=True,
    )
    for each in found.reasons:
        console.print(f"   {plain(reason_words(each))}", soft_wrap=True)


def _tables(console: Console, policy: Policy, found: Backtest) -> None:
    said, tally = found.summary(policy), found.tally
    console.print(
        f"{plain(policy.policy)} ({said['digest'][:12]}) over {said['decisions']} decisions of "
        f"{said['cases']['all']} cases"
    )
    if not tally.decisions:
        return
    show_table(console, ("decisions", "", "share"), [
        (str(verdict), str(tally.verdicts[verdict]), f"{100 * tally.share(tally.verdicts[verdict]):.2f} %")
        for verdict in DecisionChange
    ])  # fmt: skip
    _table(console, ("was", "would be", "decisions"), [
        (each["was"], each["now"], str(each["count"])) for each in said["changes"]
    ])  # fmt: skip
    _table(console, ("condition or rule", "what it does", "decisions", "by how much"), [
        (each["rule"], effect_words(each["effect"]), str(each["count"]), _margin(each["margin"]))
        for each in said["rules"]
    ])  # fmt: skip
    _table(console, ("cannot tell, because", "decisions", "share"), [
        (each["because"], str(each["count"]), f"{100 * each['share']:.2f} %")
        for each in said["cannot_tell"]["why"]
    ])  # fmt: skip
    _table(console, ("not on record, or cannot be read", "decisions"), [
        (each["fact"], str(each["count"])) for each in said["cannot_tell"]["missing"]
    ])  # fmt: skip
    if tally.verdicts[DecisionChange.CHANGED]:
        _costs(console, said["cost"])
    console.print(f"[dim]# {said['sha256']}[/]", soft_wrap=True)


def _costs(console: Console, cost: dict[str, Any]) -> None:
    units = {each.name: each for each in METERED}
    if not cost["known"]:
        console.print("\nOf no changed decision can the record tell what it would have saved")
    saved = ", ".join(units[name].in_words(value) for name, value in cost["saved"].items()) or "nothing"
    if cost["known"]:
        console.print(
            f"\nSaved, of the {cost['known']} changed decisions of which the record can tell: {saved}"
        )
    if cost["quoted"]:
        console.print(
            f"What would have been tried instead was quoted in {cost['quoted']} of them, together "
            f"{cost['at_most_usd']:.2f} USD at most"
        )
    _table(console, ("cost cannot be told, because", "decisions"), [
        (each["because"], str(each["count"])) for each in cost["cannot_tell"]
    ])  # fmt: skip


def _table(console: Console, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    if rows:
        console.print()
        show_table(console, header, rows)


def _margin(between: list[float] | None) -> str:
    if between is None:
        return ""
    least, most = between
    return f"{least:+.4g}" if least == most else f"{least:+.4g} to {most:+.4g}"
