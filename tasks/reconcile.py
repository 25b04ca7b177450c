"""Looks after the submissions of one case that no living process runs."""

from prefect import task
from prefect.logging import get_run_logger

from escalation.engine.reconcile import Visit, visit
from escalation.engine.runtime import Runtime
from tasks.running import OPTIONS


@task(name="look after", task_run_name="look after {case_id}", **OPTIONS)
def look_after(runtime: Runtime, case_id: str) -> Visit:
    """Takes the case's open submissions as far as they go, and says in the log what was done."""
    done = visit(runtime, case_id)
    log = get_run_logger()
    for line in (done.busy, done.error):
        if line:
            log.warning("%s: %s", case_id, line)
    for each in done.seen:
        log.info(
            "%s: %s → %s (%s)",
            each.row.key,
            each.before,
            each.row.state,
            ", ".join(each.did) or "nothing to do",
        )
        for line in (each.error, *each.incidents, each.row.reason if each.parked else ""):
            if line:
                log.warning("%s: %s", each.row.key, line)
    return done
