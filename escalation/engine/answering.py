"""What the answer is, said by its family once, at the end of the case, and recorded."""

from collections.abc import Sequence

from escalation.engine.case import Case
from escalation.engine.concluding import chosen
from escalation.model.attempt import Attempt, Candidate
from escalation.model.case import Outcome
from escalation.model.certificate import CertificateStatus
from escalation.model.errors import first_line
from escalation.ports.families import Answer
from escalation.ports.store import Store


def with_answer(
    store: Store, case: Case, outcome: Outcome, attempts: Sequence[tuple[Attempt, Candidate | None]]
) -> tuple[Outcome, Answer | None]:
    """Returns the outcome with its answer in words and the answer's files, which are put into the store.

    Nothing is said of an answer that was not verified. Where the family fails, the words say so: the answer
    stands.
    """
    best = chosen(outcome.status, [attempt for attempt, _ in attempts], case.problem.target)
    candidate = next((made for attempt, made in attempts if attempt is best), None)
    if best is None or candidate is None or best.certificate is None:
        return outcome, None
    if best.certificate.status is CertificateStatus.INVALID:
        return outcome, None
    answer = _answer(case, best, candidate)
    files = {name: store.put(data) for name, data in answer.files.items()}
    told = {"answer": answer.words, "limits": answer.limits, "files": outcome.files | files}
    return outcome.model_copy(update=told), answer


def _answer(case: Case, attempt: Attempt, candidate: Candidate) -> Answer:
    try:
        return case.family.answer(case.instance, case.problem.target, attempt, candidate)
    except Exception as error:
        reason = first_line(error)
        kind = attempt.certificate.kind if attempt.certificate else ""
        return Answer((f"the family could not put the answer into words: {reason}",), kind)
