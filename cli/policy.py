"""`tierwise policy check` and `tierwise policy show`."""

from cli.terminal import plain, say_item, terminal
from escalation.inputs.site import Site
from escalation.model.errors import PolicyError
from escalation.policy.floor import below
from escalation.policy.policy import load_policy
from escalation.policy.policy_tests import suites
from escalation.policy.remarks.remarks import remarks
from escalation.policy.rules import Policy
from escalation.ports.configuration import settings
from escalation.text.wording import counted
from records.runtime import open_records


def check(file: str) -> None:
    """Compiles the policy and runs its tests; raises `PolicyError` when one fails."""
    console = terminal()
    loaded = load_policy(file)
    policy = loaded.policy
    console.print(f"{plain(policy.policy)}: {_sizes(policy)}; hash {policy.digest[:12]}", soft_wrap=True)
    for rule in below(policy.places):
        console.print(f"  below every policy holds {rule.id}: {rule.because}", soft_wrap=True)
    for remark in remarks(policy, _site()):
        say_item(console, "[yellow]look at[/]", remark)
    ran, failed = 0, []
    for name, findings in suites(loaded):
        if findings and name != loaded.path:
            console.print(f"  conditions of a family, {plain(name)}:", soft_wrap=True)
        for finding in findings:
            mark = "[green]passed[/]" if finding.passed else "[red]failed[/]"
            say_item(console, mark, f"{finding.test.name}: {finding.got}")
        ran += len(findings)
        failed += [(name, finding.test.name) for finding in findings if not finding.passed]
    if failed:
        files = ", ".join(dict.fromkeys(name for name, _ in failed))
        raise PolicyError(f"{files}: {len(failed)} of {ran} tests failed: {', '.join(n for _, n in failed)}")
    console.print(f"{ran} tests passed")


def _sizes(policy: Policy) -> str:
    """How many rules of each kind it has."""
    found = [
        counted(len(policy.gates), "condition", "conditions"),
        *([f"{len(policy.waivers)} of them not required off hardware"] if policy.waivers else []),
        counted(len(policy.acceptance), "rule for accepting", "rules for accepting"),
        counted(len(policy.approvals), "rule that asks a person", "rules that ask a person"),
    ]
    return ", ".join(found)


def _site() -> Site:
    """What the site allows: its settings, and the limits in its ledger where there is one."""
    own = settings()
    if own.ledger_url is None and not (own.home / "ledger.db").exists():
        return Site.of(own, ())
    with open_records(own) as (ledger, _):
        return Site.of(own, ledger.limits())


def show(file: str) -> None:
    """Prints a policy with all that it extends and takes in, and where each of its rules comes from."""
    console = terminal()
    loaded = load_policy(file)
    for line in loaded.text.splitlines():
        console.print(plain(line), soft_wrap=True, highlight=False)
    console.print(f"[dim]# hash {loaded.policy.digest}[/]", soft_wrap=True)
    for rule, origin in loaded.origins.items():
        console.print(f"[dim]# {plain(rule)} from {plain(origin)}[/]", soft_wrap=True)
