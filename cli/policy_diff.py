"""`tierwise policy diff`: what differs between two policies, in words."""

import json
import sys

from cli.terminal import plain, terminal
from escalation.model.errors import PolicyError
from escalation.policy.differences.implication import Lean
from escalation.policy.differences.policies import PolicyDiff, policy_diff
from escalation.policy.policy import LoadedPolicy, load_policy
from escalation.policy.policy_tests import require_passing

DIFFERS = 5
"""Exit code where a difference decides something."""
NOTHING = "no difference that decides anything"


def diff(old: str, new: str, *, as_json: bool = False) -> int:
    """Prints what differs; returns the exit code.

    Raises:
        PolicyError: when one of them does not hold together.
    """
    loaded = load_policy(old), load_policy(new)
    found = policy_diff(*(each.policy for each in loaded))
    for each in loaded:
        _warn(each)
    if as_json:
        sys.stdout.write(json.dumps(_json(found), sort_keys=True) + "\n")
    else:
        _print(found)
    return DIFFERS if found.deciding else 0


def _warn(loaded: LoadedPolicy) -> None:
    """Says of a policy whose own tests fail; it can be compared, and nothing runs under it."""
    try:
        require_passing(loaded)
    except PolicyError as error:
        terminal(stderr=True).print(f"remark: {plain(str(error))}", soft_wrap=True, highlight=False)


def _print(found: PolicyDiff) -> None:
    console = terminal()
    if not found.deciding:
        console.print(NOTHING)
    for each in found.deciding:
        where = f" for {each.tier}" if each.tier else ""
        lean = "" if each.lean is Lean.OTHERWISE else f": [bold]{each.lean}{where}[/]"
        console.print(f"{plain(each.about)}: {plain(each.words)}{lean}", soft_wrap=True)
    for each in found.differences:
        if each.lean is None:
            console.print(f"[dim]{plain(each.about)} {plain(each.words)}[/]", soft_wrap=True)
    for tier, lean in found.overall.items():
        if lean is not Lean.SAME:
            console.print(f"all conditions of {tier} together: {_WORDS[lean]}")


_WORDS = {
    Lean.STRICTER: "it is tried less often",
    Lean.LOOSER: "it is tried more often",
    Lean.OTHERWISE: "it is tried for other facts",
}


def _json(found: PolicyDiff) -> dict[str, object]:
    return {
        "decides": bool(found.deciding),
        "differences": [
            {
                "about": each.about,
                "words": each.words,
                "decides": each.lean is not None,
                "lean": each.lean,
                "tier": each.tier,
            }
            for each in found.differences
        ],
        "overall": found.overall,
    }
