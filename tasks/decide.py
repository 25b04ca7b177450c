"""Makes the next decision of a case."""

from prefect import task

from escalation.engine import deciding
from escalation.engine.running import Running
from escalation.engine.steps import Decide
from escalation.model.decision import Decision
from tasks.running import OPTIONS


@task(name="decide", task_run_name="decision {step.state.number}", **OPTIONS)
def decide(running: Running, step: Decide) -> Decision:
    """Looks the facts up and decides under the policy, or returns the decision that is recorded."""
    return deciding.decide(running, step)
