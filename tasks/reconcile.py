"""Looks after the submissions of one case that no living process runs."""

from prefect import task
from prefect.logging import get_run_logger

from escalation.engine.runtime import Runtime
from escalation.engine.visit import CaseVisit
from escalation.engine.visiting import visit
from tasks.running import OPTIONS


@task(name="look after", task_run_name="look after {case_id}", **OPTIONS)
def look_after(runtime: Runtime, case_id: str) -> CaseVisit:
    """Takes the case's open submissions as far as they go, and says in the log what was done."""
    done = visit(runtime, case_id)
    log = get_run_logger()
    for line in (done.busy, done.error):
        if line:
            log.warning("%s: %s", case_id, line)
    for seen in done.seen:
        log.info(
            "%s: %s → %s (%s)",
            seen.row.key,
            seen.before,
            seen.row.state,
            ", ".join(seen.did) or "nothing to do",
        )
        for line in (seen.error, *seen.incidents, seen.row.reason if seen.parked else ""):
            if line:
                log.warning("%s: %s", seen.row.key, line)
    return done
