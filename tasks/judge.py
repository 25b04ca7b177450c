"""Has the family's verifier judge an attempt."""

from prefect import task

from escalation.engine.judging import carry_out_judge
from escalation.engine.ladder import Judge
from escalation.model.attempt import Attempt
from tasks.running import OPTIONS, Running


@task(name="judge", task_run_name="{step.draft.tier}/{step.draft.method} verdict", **OPTIONS)
def judge(running: Running, step: Judge) -> Attempt:
    """Judges the candidate, or returns the attempt that is recorded."""
    attempt = carry_out_judge(running.runtime, running.case, step)
    running.listener.judged(attempt)
    return attempt
