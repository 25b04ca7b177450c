"""`tierwise replay --sample`: verifies some ended cases again, as the nightly `recheck` deployment does."""

import json
import sys

from cli.replay import DIFFERENT
from cli.terminal import plain, say_item, terminal
from escalation.model.errors import BadInput
from records.recheck.report import CheckResult
from records.recheck.sample import recheck

_STYLES = {CheckResult.SAME: "green", CheckResult.DIFFERENT: "bold red"}


def replay_sample(case: str | None, size: int, *, others: bool, as_json: bool) -> int:
    """Verifies a sample again, and prints a line a case; returns the exit code.

    Args:
        case: named beside it, which makes no sense.
        size: how many at most.
        others: whether options were given that are for one case.
        as_json: whether to print one object instead.

    Raises:
        BadInput: when a case is named too, or the records cannot be opened.
    """
    if case is not None or others:
        raise BadInput("--sample chooses the cases by itself: expected no CASE, --key, --recompute or --all")
    with terminal(stderr=True).status("verifying") as status:
        made = recheck(size, told=lambda line: status.update(plain(line)))
    if as_json:
        sys.stdout.write(json.dumps(made.to_json()) + "\n")
        return DIFFERENT if made.different else 0
    console = terminal()
    for each in made.checked:
        why = f": {each.why}; {each.to_do}" if each.why else ""
        style = _STYLES.get(each.result, "yellow")
        say_item(console, f"[{style}]{each.result}[/]", f"{each.case_id}{why}", indent=0)
    for line in filter(None, (made.said, made.promise)):
        console.print(plain(line), soft_wrap=True)
    return DIFFERENT if made.different else 0
