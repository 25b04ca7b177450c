"""Has the family's verifier judge an attempt."""

from prefect import task

from escalation.attempt import Attempt
from escalation.judging import carry_out_judge
from escalation.ladder import Judge
from tasks.running import OPTIONS, Running


@task(name="judge", task_run_name="{step.draft.tier}/{step.draft.method} verdict", **OPTIONS)
def judge(running: Running, step: Judge) -> Attempt:
    """Judges the candidate, or returns the attempt that is recorded."""
    attempt = carry_out_judge(running.runtime, running.case, step)
    running.listener.judged(attempt)
    return attempt
