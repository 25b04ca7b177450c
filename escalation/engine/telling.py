"""A case in plain sentences: the family says what it asked and found, this the rest."""

from collections.abc import Sequence

from escalation.model.calibration import PRACTICE_MONEY, DeviceKind
from escalation.model.case import CaseInfo, CaseStatus, Outcome
from escalation.model.told import Told
from escalation.ports.families import Answer
from escalation.text.rounding import seconds
from escalation.text.wording import listed, sentence

TIME_LIMIT = "time limit"
"""What a backend says of work that was stopped for it."""
MINUTES_FROM_S, HOURS_FROM_S = 120, 7200
_PAUSED = (CaseStatus.HELD, CaseStatus.WAITING, CaseStatus.INTERRUPTED)


def told(info: CaseInfo, outcome: Outcome, answer: Answer | None = None) -> Told:
    """Returns the sentences about a case as it stands.

    Args:
        info: of the case.
        outcome: its end, or where it stands.
        answer: what its family says of the accepted or best answer; None where no answer was verified.
    """
    return Told(
        asked=info.title or ": ".join(filter(None, (info.problem.family, info.about or info.asked))),
        answer=headline(outcome, answer.words if answer else outcome.answer),
        rests_on=answer.rests_on if answer else "On nothing yet: no answer was verified",
        cost=_cost(outcome),
        files={**answer.file_words} if answer else {},
        next_steps=tuple(_next_steps(outcome, answer)),
    )


def headline(outcome: Outcome, words: Sequence[str]) -> str:
    """What came out, as far as the words go: all of them, or the first where there is no room for more."""
    found = "; ".join(words)
    if outcome.status is CaseStatus.ACCEPTED:
        return sentence(found)
    best = f"The best so far, not accepted: {found}" if found else "There is no answer"
    if outcome.status in _PAUSED:
        return f"{sentence(outcome.status.value)}, not finished. {best}"
    return f"No answer reached the target. {best}" if found else "No answer was made"


def _budget_ended(outcome: Outcome) -> str:
    """What to ask for where the elapsed seconds ran out, in the last attempt or before one; else empty."""
    last = outcome.decisions[-1] if outcome.decisions else None
    if last is None or last.rule != "budget" or "elapsed seconds" not in last.because:
        return ""
    if not outcome.attempts:
        return (  # without the seconds, which are others when the case is replayed
            "Raise `budget: wall_s`: reading the data and their facts used it up before anything was tried; "
            "ask for a minute more than they took"
        )
    failed = outcome.attempts[-1].failure
    if failed is None or TIME_LIMIT not in failed:
        return ""
    quoted_s = outcome.attempts[-1].quote.amounts.wall_s
    most = f" (it was quoted at most {seconds(quoted_s)} s)" if quoted_s else ""
    return f"Raise `budget: wall_s`, which ended the work{most}: {failed}"


def _cost(outcome: Outcome) -> str:
    """`34 s of waiting, 11 s of computing; nothing to pay`."""
    times = [f"{_time(outcome.cost.wall_s)} of waiting", f"{_time(outcome.cost.cpu_s)} of processors"]
    paid = [each.told(value) for each, value in outcome.cost.told() if each.charged and value]
    practice = any(attempt.device_kind == DeviceKind.PRACTICE for attempt in outcome.attempts)
    money = f"{listed(paid)}{f' ({PRACTICE_MONEY})' if practice else ''}" if paid else "nothing to pay"
    return f"{', '.join(times)}; {money}"


def _time(value_s: float) -> str:
    if value_s < MINUTES_FROM_S:
        return f"{seconds(value_s)} s"
    return f"{value_s / 60:.0f} min" if value_s < HOURS_FROM_S else f"{value_s / 3600:.1f} h"


def _next_steps(outcome: Outcome, answer: Answer | None) -> list[str]:
    """The family's, then what the engine has to say: what waits, what failed, where the files are."""
    steps = [*(answer.next_steps if answer else ())]
    if outcome.paused:
        steps.insert(0, sentence(outcome.paused))
    ended = _budget_ended(outcome)
    if ended:
        steps.append(ended)
    cut = outcome.failures[-1:] if ended and outcome.attempts and outcome.attempts[-1].failure else ()
    steps += [f"Mend what failed, and ask again: {each}" for each in outcome.failures if each not in cut]
    if outcome.files:
        words = answer.file_words if answer else {}
        named = "; ".join(f"{name}, {what}" for name, what in words.items())
        take = f"Take the files with `tierwise show {outcome.case_id} --files DIR`"
        steps.append(f"{take}: {named}" if named else take)
    if outcome.status in (CaseStatus.ABSTAINED, CaseStatus.REFUSED):
        steps.append(f"See what kept the other tiers out: `tierwise explain {outcome.case_id}`")
    return steps
