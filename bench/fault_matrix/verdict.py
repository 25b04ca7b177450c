"""What a cell's account and books mean: what the protocol promises, held against what happened."""

from typing import Any

from bench.fault_matrix.placements import FaultPlacement

UNCHARGED = ("job_fails", "job_cancelled_by_operator")
"""Jobs that end without a result, and are not charged."""
MAY_REFUSE = (
    *("quota", "not_found", "forbidden", "unprocessable", "device_unlisted"),
    *("no room in the budget", "refused by a person"),
)
"""Faults by which the work is refused for good, unless a process dies before it reads the refusal."""
MAY_ASK = ("other_job",)
"""Faults after which a person may be asked: the service names a job that is not ours as ours."""
MUST_REFUSE = ("no room in the budget", "refused by a person")
ENDS = ("accepted", "abstained", "refused")
"""How a whole case ends by itself."""
CLOSES_A_GATE = ("calibration_future",)
"""Faults in what a gate asks for: the case ends without paid work."""
CENT = 1e-6


def judge(placement: FaultPlacement, found: dict[str, Any]) -> dict[str, Any]:
    """Classes a cell: `kept`, `person`, `violated` or `broken`, with reasons for the last.

    `person` is also where a service that never tells a bill, or never ends a list, leaves the bill open: the
    answer is there, and every visit, or an incident, says what is wrong.
    """
    faults = _faults(placement, found)
    asked = found["books"].get("state") in ("parked", "settled")
    if placement.violates is not None:
        outcome = "kept" if not faults and not asked else "violated"
    elif faults:
        outcome = "broken"
    else:
        outcome = "person" if asked else "kept"
    return {
        "outcome": outcome,
        "why": faults,
        "accepted": found["totals"]["accepted"],
        "charged": found["totals"]["paid"],
        "lost": int(_lost(found)),
        "hung": found["hangs"],
    }


def _lost(found: dict[str, Any]) -> bool:
    """Whether the service has a charged result, nobody was asked, and our records do not have it."""
    books = found["books"]
    return found["totals"]["completed"] > 0 and not books.get("bits") and books.get("state") != "parked"


def _told(found: dict[str, Any]) -> bool:
    """Whether the answer is there, and visits or the submission's incidents say what keeps its bill open."""
    books = found["books"]
    return bool(books["bits"] and (found["errors"] or books.get("incidents")))


def _faults(placement: FaultPlacement, found: dict[str, Any]) -> list[str]:
    fault = placement.fault
    totals, books = found["totals"], found["books"]
    state, accepted, paid = books.get("state"), totals["accepted"], totals["paid"]
    wrong = [f"{found['hangs']} processes hung"] if found["hangs"] else []
    if _lost(found):
        wrong.append("a charged result is lost")
    if accepted > 1 or paid > 1:
        wrong.append(f"{accepted} jobs accepted, {paid} charged")
    if found.get("whole") and books["case"] not in ENDS and state != "parked":
        wrong.append(f"the case ended {books['case']}, and nobody is asked")
    match state:
        case "refused" | "cancelled":
            wrong += [f"{state}, and {accepted} accepted"] if accepted else []
            wrong += [] if fault in MAY_REFUSE else [f"{state}: {books.get('reason')}"]
        case "done":
            wrong += _done(fault, found)
        case "parked":
            pass
        case "settled" if placement.lasting and _told(found):
            pass
        case "nothing" if found.get("whole") and fault in CLOSES_A_GATE:
            wrong += [f"nothing was sent, and {accepted} accepted"] if accepted else []
        case _:
            wrong.append(f"ended {state}: {'; '.join(found['errors'][-2:])}")
    return wrong


def _done(fault: str, found: dict[str, Any]) -> list[str]:
    totals, books = found["totals"], found["books"]
    wrong = [] if totals["accepted"] == 1 else [f"done, and {totals['accepted']} accepted"]
    expected = 0 if fault in UNCHARGED else 1
    if totals["paid"] != expected:
        wrong.append(f"done, and {totals['paid']} charged where {expected} was expected")
    if fault not in (*UNCHARGED, "job_ran_too_long") and not books["bits"]:
        wrong.append(f"done, and without a result ({books['result']})")
    if abs(books["billed_s"] - totals["charged_s"]) > CENT:
        wrong.append(f"billed {books['billed_s']} s, charged {totals['charged_s']} s")
    if fault in MUST_REFUSE:
        wrong.append("done, and had been refused")
    return wrong
