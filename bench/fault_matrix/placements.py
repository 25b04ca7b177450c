"""Which fault strikes which call of the service: each of `practice.faults.ALL`, wherever it fits."""

from dataclasses import dataclass, field
from typing import Any

from practice.calls import Fault, ServiceCall
from practice.faults import ALL
from practice.faults import BY_NAME as FAULTS
from practice.script import FaultRule

SETTLE_S = 0.6
"""What the submission takes for the settling time here; lags below it respect the assumption."""
LAG_S = 0.15
BEYOND_S = 3.0
SILENCE_S = 2.0
"""What the client takes for silence where the service gives no answer."""

NOT_CALLED = frozenset(
    {
        ServiceCall.JOBS_DELETE,
        ServiceCall.TAGS,
        ServiceCall.SESSIONS_CLOSE,
        ServiceCall.CANCEL,
        ServiceCall.STATUS,
    }
)
"""Calls that one undisturbed submission never makes."""
IN_DOUBT = frozenset({ServiceCall.SESSIONS_PATCH, ServiceCall.SESSIONS_GET})
"""Calls that are made in doubt alone: the answer of the POST is lost, too."""
LASTING: dict[ServiceCall, tuple[str, ...]] = {
    ServiceCall.JOBS_POST: (
        *("http_500_before", "http_500_after", "http_503_before", "reset_before", "no_answer_after"),
        *("http_401_after", "http_429_after", "redirect_before", "error_in_200_before", "rate_limited"),
    ),
    ServiceCall.JOBS_LIST: ("list_endless", "list_repeats", "list_odd_rows"),
    ServiceCall.JOBS_GET: ("state_unknown", "other_job", "drip", "token_expired"),
    ServiceCall.RESULTS: ("not_found", "other_result", "empty_object", "huge", "bomb"),
    ServiceCall.METRICS: ("usage_nan", "usage_negative", "usage_absurd", "usage_missing", "usage_text"),
}
"""Faults that never end, where they strike."""
PARAMS: dict[str, dict[str, Any]] = {
    "late_registration": {"after_lists": 0, "after_s": LAG_S},
    "late_registration_ignores_fence": {"after_lists": 0, "after_s": BEYOND_S},
    "list_lag": {"lists": 0, "seconds": LAG_S},
}
CLASSES: dict[str, tuple[str, ...]] = {
    "unclear answer, nothing done": (
        *(f"http_{status}_before" for status in (500, 502, 503, 504)),
        "reset_before",
        "no_answer_before",
        "redirect_before",
        "error_in_200_before",
        "html_before",
    ),
    "unclear answer, or refused, all the same done": (
        *(f"http_{status}_after" for status in (500, 502, 503, 504)),
        *(f"http_{status}_after" for status in (401, 403, 404, 409, 422, 429)),
        "reset_after",
        "no_answer_after",
    ),
    "clearly refused": (
        "rate_limited",
        "rate_limited_retry_after",
        "retry_after_date",
        "retry_after_absurd",
        "quota",
        "unauthorised",
        "token_expired",
        "forbidden",
        "unprocessable",
        "not_found",
        "refused by a person",
        "no room in the budget",
    ),
    "spoilt, late or hidden": (
        "slow",
        "truncated",
        "corrupt_json",
        "corrupt_bytes",
        "altered",
        "usage_pending",
        "late_registration",
        "list_lag",
        "late_registration_ignores_fence",
        "list_lag_beyond_settling",
        "redirect_after",
        "error_in_200_after",
        "html_after",
    ),
    "of no reasonable size, or another's": (
        "huge",
        "drip",
        "bomb",
        "deep_json",
        "empty_body",
        "empty_object",
        "wrong_content_type",
        "other_job",
        "other_result",
        "state_unknown",
        "state_backwards",
    ),
    "lists and bills that cannot be true": (
        "list_endless",
        "list_repeats",
        "list_omits",
        "list_count_wrong",
        "list_odd_rows",
        "usage_nan",
        "usage_negative",
        "usage_absurd",
        "usage_missing",
        "usage_text",
        "usage_revised",
    ),
    "none, the device or the job": (
        "none",
        "approved",
        "device_offline",
        "drift_while_queued",
        "device_down",
        "device_retired",
        "device_unlisted",
        "calibration_future",
        "calibration_zoneless",
        "calibration_undated",
        "calibration_nonsense",
        "job_fails",
        "job_cancelled_by_operator",
        "job_ran_too_long",
    ),
}
"""Fault classes of the covering array; each holds every fault's name once."""
CLASS_OF = {name: group for group, names in CLASSES.items() for name in names}


@dataclass(frozen=True)
class FaultPlacement:
    """A fault where it strikes.

    Attributes:
        name: unique, in tables.
        fault: its name in `practice.faults.ALL`; `none`, or one of our own making.
        rules: the script of the service.
        violates: the assumption that it breaks.
        lasting: whether it never ends.
        word: what a person answers; None where nobody is asked.
        poor: whether the budget has no room for the work.
    """

    name: str
    fault: str
    rules: tuple[FaultRule, ...] = ()
    violates: str | None = None
    lasting: bool = False
    word: bool | None = None
    poor: bool = field(default=False)

    @property
    def silent(self) -> bool:
        """Whether the service leaves a call without an answer."""
        return self.fault.startswith("no_answer")


def _strike(fault: Fault, call: ServiceCall, *, lasting: bool = False) -> FaultPlacement:
    rule = FaultRule(call, fault.name, count=None if lasting else 1, params=PARAMS.get(fault.name, {}))
    lost = (FaultRule(ServiceCall.JOBS_POST, "reset_after"),) if call in IN_DOUBT else ()
    name = f"{fault.name}{' always' if lasting else ''} at {call}"
    return FaultPlacement(name, fault.name, (*lost, rule), fault.violates, lasting)


def principal_call(fault: Fault) -> ServiceCall:
    """The call at which a fault does most harm: the POST of the job, where it fits."""
    return ServiceCall.JOBS_POST if ServiceCall.JOBS_POST in fault.calls else fault.calls[0]


def _principal() -> tuple[FaultPlacement, ...]:
    at = {
        "device_offline": ServiceCall.BACKENDS,
        "altered": ServiceCall.RESULTS,
        "usage_pending": ServiceCall.METRICS,
    }
    return tuple(_strike(fault, at.get(fault.name, principal_call(fault))) for fault in ALL)


OURS = (
    FaultPlacement("approved by a person", "approved", word=True),
    FaultPlacement("refused by a person", "refused by a person", word=False),
    FaultPlacement("no room in the budget", "no room in the budget", poor=True),
)
NONE = FaultPlacement("none", "none")
PRINCIPAL: tuple[FaultPlacement, ...] = (NONE, *_principal(), *OURS)
"""Every fault once, where it does most harm; no fault; and what people and budgets say."""
ELSEWHERE: tuple[FaultPlacement, ...] = tuple(
    _strike(fault, call)
    for fault in ALL
    for call in fault.calls
    if call not in NOT_CALLED and f"{fault.name} at {call}" not in {each.name for each in PRINCIPAL}
)
"""Every fault at every other call that a submission makes."""
FOR_EVER: tuple[FaultPlacement, ...] = tuple(
    _strike(FAULTS[name], call, lasting=True) for call, names in LASTING.items() for name in names
)
BY_NAME = {each.name: each for each in (*PRINCIPAL, *ELSEWHERE, *FOR_EVER)}
ON_LADDERS: tuple[FaultPlacement, ...] = tuple(
    BY_NAME[name]
    for name in (
        "none",
        "http_404_after at jobs.post",
        "http_429_after at jobs.post",
        "redirect_after at jobs.post",
        "late_registration at jobs.post",
        "other_job at jobs.post",
        "job_fails at jobs.post",
        "device_retired at jobs.post",
        "token_expired at jobs.get",
        "state_unknown at jobs.get",
        "retry_after_absurd at jobs.post",
        "huge at results",
        "other_result at results",
        "not_found always at results",
        "usage_nan always at metrics",
        "list_endless always at jobs.list",
        "calibration_future at properties",
        "drip at jobs.get",
    )
)
"""A fault of each kind. Those that keep a case from its end come last, see `cells.some_ladders`."""
