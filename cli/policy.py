"""`tierwise policy check` and `tierwise policy show`."""

from cli.terminal import plain, terminal
from escalation.inputs.site import Site
from escalation.model.errors import PolicyError
from escalation.policy.floor import below
from escalation.policy.policy import load_policy
from escalation.policy.policy_tests import suites
from escalation.policy.remarks.remarks import remarks
from escalation.ports.configuration import settings
from records.runtime import open_records


def check(file: str) -> None:
    """Compiles the policy and runs its tests; raises `PolicyError` when one fails."""
    console = terminal()
    loaded = load_policy(file)
    policy = loaded.policy
    console.print(
        f"{plain(policy.policy)}: {len(policy.gates)} gates, {len(policy.acceptance)} acceptance rules, "
        f"{len(policy.approvals)} approvals, {len(policy.waivers)} waivers; hash {policy.digest[:12]}"
    )
    for rule in below(policy.places):
        console.print(f"  the floor adds {rule.id}: {rule.because}")
    for remark in remarks(policy, _site()):
        console.print(f"  [yellow]remark[/] {plain(remark)}", soft_wrap=True, highlight=False)
    ran, failed = 0, []
    for name, findings in suites(loaded):
        if findings and name != loaded.path:
            console.print(f"  gates of a family, {plain(name)}:")
        for finding in findings:
            mark = "[green]passed[/]" if finding.passed else "[red]failed[/]"
            console.print(f"  {mark} {plain(finding.test.name)}: {plain(finding.got)}")
        ran += len(findings)
        failed += [(name, finding.test.name) for finding in findings if not finding.passed]
    if failed:
        files = ", ".join(dict.fromkeys(name for name, _ in failed))
        raise PolicyError(f"{files}: {len(failed)} of {ran} tests failed: {', '.join(n for _, n in failed)}")
    console.print(f"{ran} tests passed")


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
