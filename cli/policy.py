"""`tierwise policy check`."""

from cli.terminal import plain, terminal
from escalation.model.errors import PolicyError
from escalation.policy.floor import below
from escalation.policy.policy import load_policy
from escalation.policy.policy_tests import run_tests


def check(file: str) -> None:
    """Compiles the policy and runs its tests; raises `PolicyError` when one fails."""
    console = terminal()
    loaded = load_policy(file)
    policy = loaded.policy
    console.print(
        f"{plain(policy.policy)}: {len(policy.gates)} gates, {len(policy.acceptance)} acceptance rules, "
        f"{len(policy.approvals)} approvals, {len(policy.waivers)} waivers; hash {policy.digest[:12]}"
    )
    for rule in below(policy.backends.values()):
        console.print(f"  the floor adds {rule.id}: {rule.because}")
    findings = run_tests(policy)
    for finding in findings:
        mark = "[green]passed[/]" if finding.passed else "[red]failed[/]"
        console.print(f"  {mark} {plain(finding.test.name)}: {plain(finding.got)}")
    failed = [finding.test.name for finding in findings if not finding.passed]
    if failed:
        raise PolicyError(
            f"{loaded.path}: {len(failed)} of {len(findings)} tests failed: {', '.join(failed)}"
        )
    console.print(f"{len(findings)} tests passed")
