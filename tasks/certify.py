"""Has the family's verifier judge an attempt."""

from prefect import task

from escalation.engine import certifying
from escalation.engine.running import Running
from escalation.engine.steps import Certify
from escalation.model.attempt import Attempt
from tasks.running import OPTIONS


@task(name="certify", task_run_name="{step.draft.tier}/{step.draft.method} verdict", **OPTIONS)
def certify(running: Running, step: Certify) -> Attempt:
    """Judges the candidate, or returns the attempt that is recorded."""
    return certifying.certify(running, step)
