"""What can go wrong, by name. A test, or a matrix of tests, iterates over `ALL`."""

from collections.abc import Mapping
from typing import Any

from practice.calls import (
    CLOSED_BATCH,
    EVERY,
    FINAL_BILL,
    POSTED,
    SECONDS,
    SETTLING,
    WITH_BODY,
    WRITES,
    Delivery,
    Fault,
    FaultStage,
    ServiceCall,
)


def _server_errors() -> list[Fault]:
    faults = []
    for status in (500, 502, 503, 504):
        effect = f"answered {status}"
        faults.append(
            Fault(f"http_{status}_before", EVERY, FaultStage.BEFORE, f"{effect}, without effect", status)
        )
        faults.append(
            Fault(f"http_{status}_after", WRITES, FaultStage.AFTER, f"{effect}, but it took effect", status)
        )
    return faults


def _spoilt(name: str, calls: tuple[ServiceCall, ...], summary: str, **defaults: Any) -> Fault:
    return Fault(name, calls, FaultStage.BODY, summary, defaults=defaults, spoils=True)


def _refused_after() -> list[Fault]:
    """Refusals that are none: the call took effect."""
    reasons = {
        401: "the token has expired",
        403: "forbidden",
        404: "not found",
        409: "a conflict",
        422: "not to be processed",
        429: "too many requests, with Retry-After",
    }
    return [
        Fault(
            f"http_{status}_after",
            WRITES,
            FaultStage.AFTER,
            f"answered {status}: {why}; but it took effect",
            status,
            defaults={"retry_after": "1"} if status == 429 else {},
        )
        for status, why in reasons.items()
    ]


FAILING: tuple[Fault, ...] = (
    *_server_errors(),
    Fault("rate_limited", EVERY, FaultStage.BEFORE, "answered 429 without Retry-After", 429),
    Fault(
        "rate_limited_retry_after",
        EVERY,
        FaultStage.BEFORE,
        "answered 429 with Retry-After",
        429,
        defaults={"retry_after_s": 1},
    ),
    Fault(
        "quota",
        (ServiceCall.JOBS_POST, ServiceCall.SESSIONS_POST),
        FaultStage.BEFORE,
        "answered 409: the instance's quota is used up",
        409,
    ),
    Fault("unauthorised", EVERY, FaultStage.BEFORE, "answered 401: the token has expired", 401),
    Fault("not_found", EVERY, FaultStage.BEFORE, "answered 404", 404),
    Fault(
        "reset_before",
        EVERY,
        FaultStage.BEFORE,
        "the connection is reset, without effect",
        delivery=Delivery.RESET,
    ),
    Fault(
        "reset_after",
        WRITES,
        FaultStage.AFTER,
        "the connection is reset, but the call took effect",
        delivery=Delivery.RESET,
    ),
    Fault(
        "no_answer_before",
        EVERY,
        FaultStage.BEFORE,
        "no answer, and no effect",
        delivery=Delivery.SILENT,
    ),
    Fault(
        "no_answer_after",
        WRITES,
        FaultStage.AFTER,
        "no answer, but the call took effect",
        delivery=Delivery.SILENT,
    ),
    Fault("slow", EVERY, FaultStage.BODY, "the right answer, late", defaults={"delay_s": 0.3}),
    Fault(
        "truncated",
        WITH_BODY,
        FaultStage.BODY,
        "the connection ends in the middle of the body",
        delivery=Delivery.TRUNCATED,
        spoils=True,
    ),
    _spoilt("corrupt_json", WITH_BODY, "a body of the right length that is no JSON"),
    _spoilt("corrupt_bytes", WITH_BODY, "a body of the right length that is no UTF-8"),
    _spoilt("altered", (ServiceCall.RESULTS,), "good JSON whose measured data cannot be decoded"),
    Fault(
        "device_offline",
        (ServiceCall.STATUS, ServiceCall.BACKENDS),
        FaultStage.BODY,
        "devices are said to be down",
    ),
    Fault("usage_pending", (ServiceCall.METRICS,), FaultStage.BODY, "usage is said to be pending and zero"),
    Fault(
        "late_registration",
        POSTED,
        FaultStage.STORY,
        "fails now; the job is accepted later, unless its batch was closed meanwhile",
        504,
        defaults={"after_lists": 1, "after_s": 0.0, "answer": "504"},
    ),
    Fault(
        "late_registration_ignores_fence",
        POSTED,
        FaultStage.STORY,
        "fails now; the job is accepted later, even into a closed batch",
        504,
        defaults={"after_lists": 1, "after_s": 0.0, "answer": "504"},
        violates=CLOSED_BATCH,
    ),
    Fault(
        "list_lag",
        POSTED,
        FaultStage.STORY,
        "accepted, and answered with 504; missing from the next lists",
        504,
        defaults={"lists": 1, "seconds": 0.0, "answer": "504"},
    ),
    Fault(
        "list_lag_beyond_settling",
        POSTED,
        FaultStage.STORY,
        "accepted, and answered with 504; missing from lists for longer than anybody waits",
        504,
        defaults={"lists": 1_000_000, "seconds": 0.0, "answer": "504"},
        violates=SETTLING,
    ),
    Fault(
        "drift_while_queued",
        POSTED,
        FaultStage.STORY,
        "the device's errors multiply between submission and run",
        defaults={"factor": 3.0, "polls": 1},
    ),
    Fault(
        "device_down",
        POSTED,
        FaultStage.STORY,
        "the device goes down with the job queued, and comes back after some polls",
        defaults={"polls": 2},
    ),
    Fault(
        "job_fails",
        POSTED,
        FaultStage.STORY,
        "the job ends failed, uncharged",
        defaults={"reason": "Error in the control electronics (practice)", "polls": 0},
    ),
    Fault(
        "job_cancelled_by_operator",
        POSTED,
        FaultStage.STORY,
        "the operator cancels the queued job, uncharged",
        defaults={"reason": "Cancelled by the operator for maintenance (practice)", "polls": 1},
    ),
    Fault(
        "job_ran_too_long",
        POSTED,
        FaultStage.STORY,
        "the job is ended at its maximum execution time, and charged for it",
        defaults={"polls": 0},
    ),
)

MISLEADING: tuple[Fault, ...] = (
    *_refused_after(),
    Fault("forbidden", EVERY, FaultStage.BEFORE, "answered 403", 403),
    Fault("unprocessable", EVERY, FaultStage.BEFORE, "answered 422", 422),
    Fault(
        "retry_after_date",
        EVERY,
        FaultStage.BEFORE,
        "answered 429 with Retry-After as a date so many seconds ahead",
        429,
        defaults={"retry_after_s": 1},
    ),
    Fault(
        "retry_after_absurd",
        EVERY,
        FaultStage.BEFORE,
        "answered 429 with a Retry-After of ten years, or of whatever is given",
        429,
        defaults={"retry_after": "315360000"},
    ),
    Fault(
        "redirect_before",
        EVERY,
        FaultStage.BEFORE,
        "sent on to another host, with 307",
        307,
        defaults={"host": "localhost"},
    ),
    Fault(
        "redirect_after",
        WRITES,
        FaultStage.AFTER,
        "sent on to another host, with 307, but it took effect",
        307,
        defaults={"host": "localhost"},
    ),
    Fault("error_in_200_before", EVERY, FaultStage.BEFORE, "answered 200 with an error in the body", 200),
    Fault(
        "error_in_200_after",
        WRITES,
        FaultStage.AFTER,
        "answered 200 with an error in the body, but it took effect",
        200,
    ),
    Fault("html_before", EVERY, FaultStage.BEFORE, "answered 200 with a page to log in at, in HTML", 200),
    Fault(
        "html_after",
        WRITES,
        FaultStage.AFTER,
        "answered 200 with a page to log in at, but it took effect",
        200,
    ),
    Fault("wrong_content_type", WITH_BODY, FaultStage.BODY, "the right body, said to be HTML"),
    Fault(
        "token_expired",
        tuple(call for call in ServiceCall if call is not ServiceCall.TOKEN),
        FaultStage.BEFORE,
        "answered 401, and so is every call from then on until a new token has been fetched",
        401,
    ),
)
"""What the answer says is not what happened, or does not come from the service."""

OVERSIZED: tuple[Fault, ...] = (
    Fault(
        "huge",
        WITH_BODY,
        FaultStage.BODY,
        "the right body with white space in it, streamed without saying how long it is",
        delivery=Delivery.STREAMED,
        defaults={"megabytes": 300},
        spoils=True,
    ),
    Fault(
        "drip",
        WITH_BODY,
        FaultStage.BODY,
        "the right body, a byte at a time",
        delivery=Delivery.DRIPPED,
        defaults={"every_s": 3.0, "head": False},
        spoils=True,
    ),
    _spoilt(
        "bomb", WITH_BODY, "the right body with white space in it, compressed a thousandfold", megabytes=500
    ),
    _spoilt("deep_json", WITH_BODY, "JSON of many levels", levels=100_000),
    _spoilt("empty_body", WITH_BODY, "200, and nothing more"),
    _spoilt("empty_object", WITH_BODY, "a JSON object without anything in it"),
)
"""Answers of another size than anybody expects."""

NONSENSE: tuple[Fault, ...] = (
    _spoilt(
        "list_endless",
        (ServiceCall.JOBS_LIST,),
        "every page is full, after ours with jobs of others, and more are to come",
    ),
    Fault(
        "list_repeats",
        (ServiceCall.JOBS_LIST,),
        FaultStage.BODY,
        "the first page whichever is asked for, of very many",
    ),
    Fault("list_omits", (ServiceCall.JOBS_LIST,), FaultStage.BODY, "a list without any job"),
    Fault("list_count_wrong", (ServiceCall.JOBS_LIST,), FaultStage.BODY, "the right jobs, said to be none"),
    _spoilt("list_odd_rows", (ServiceCall.JOBS_LIST,), "among the jobs are rows that are none"),
    _spoilt("usage_nan", SECONDS, "seconds that are not a number"),
    _spoilt("usage_negative", SECONDS, "seconds below zero"),
    _spoilt("usage_absurd", SECONDS, "seconds of thirty thousand years"),
    _spoilt("usage_missing", SECONDS, "no seconds at all"),
    _spoilt("usage_text", SECONDS, "seconds in words"),
    Fault(
        "usage_revised",
        (ServiceCall.METRICS,),
        FaultStage.BODY,
        "the bill is final, and another one later",
        defaults={"factor": 0.5},
        violates=FINAL_BILL,
    ),
    _spoilt("other_job", (ServiceCall.JOBS_POST, ServiceCall.JOBS_GET), "the id of another's job"),
    _spoilt("other_result", (ServiceCall.RESULTS,), "the result of another's job"),
    _spoilt("state_unknown", (ServiceCall.JOBS_GET,), "a state that nobody knows", state="Suspended"),
    Fault("state_backwards", (ServiceCall.JOBS_GET,), FaultStage.BODY, "queued, whatever was said before"),
    Fault("device_unlisted", (ServiceCall.BACKENDS,), FaultStage.BODY, "a list without any device"),
    Fault(
        "device_retired",
        POSTED,
        FaultStage.STORY,
        "the device is gone for good once it has the job: not listed, 404; the job runs and is charged",
    ),
    Fault(
        "calibration_future",
        (ServiceCall.PROPERTIES,),
        FaultStage.BODY,
        "a calibration of the day after tomorrow",
        defaults={"hours": 48.0},
    ),
    Fault("calibration_zoneless", (ServiceCall.PROPERTIES,), FaultStage.BODY, "a date without a time zone"),
    _spoilt("calibration_undated", (ServiceCall.PROPERTIES,), "a calibration without a date"),
    _spoilt(
        "calibration_nonsense", (ServiceCall.PROPERTIES,), "errors that are not numbers, lengths below zero"
    ),
)
"""Good JSON that cannot be true."""

ALL: tuple[Fault, ...] = (*FAILING, *MISLEADING, *OVERSIZED, *NONSENSE)
BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in ALL}
