"""Makes the next decision of a case."""

from prefect import task

from escalation.engine.deciding import carry_out_decide
from escalation.engine.ladder import Decide, Decided
from tasks.running import OPTIONS, Running


@task(name="decide", task_run_name="decision {step.state.number}", **OPTIONS)
def decide(running: Running, step: Decide) -> Decided:
    """Looks the facts up and decides under the policy, or returns the decision that is recorded."""
    decided = carry_out_decide(running.runtime, running.case, step)
    running.listener.decided(decided.decision)
    return decided
