"""Takes up the submissions that no living process looks after, and takes each as far as it goes at once.

What was sent is adopted, fetched, settled and billed here. What was never sent is left to its case, which
`ready` names as soon as nothing of it is open at a service or before a person.
"""

from escalation.engine.pending import expired, open_cases, ready
from escalation.engine.runtime import Runtime
from escalation.engine.visit import CaseVisit, ReconcileReport
from escalation.engine.visiting import visit


def reconcile(runtime: Runtime) -> ReconcileReport:
    """Looks after every case that has a submission open; one that fails does not keep the others from it.

    Raises:
        KeyboardInterrupt: when it is stopped; leases are given back, and what was done stays done.
    """
    visits = []
    for case_id in open_cases(runtime.ledger):
        if runtime.stop.is_set():
            break
        visits.append(visit(runtime, case_id))
    return sum_up(runtime, visits)


def sum_up(runtime: Runtime, visits: list[CaseVisit]) -> ReconcileReport:
    """Sums the visits up, with what can go on now and which questions stand no more; has bills logged."""
    if any(seen.did for visit in visits for seen in visit.seen):
        runtime.tracker.sweep()
    now = runtime.clock()
    return ReconcileReport(
        visits=tuple(visits), ready=ready(runtime.ledger, now), expired=expired(runtime.ledger, now)
    )
