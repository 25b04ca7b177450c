"""Answers that do not say what happened, that are of no reasonable size, or that cannot be true."""

import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Any

import pytest
from qiskit_ibm_runtime.executor_sampler import Sampler

import practice
from practice import FaultRule, Practice

Said = dict[str, Any]
DEVICE = "/backends/practice_boston"
WAIT_S = 120.0


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 429])
def test_a_refusal_of_ibms_client_may_be_of_a_job_that_runs_and_is_charged(
    served_here: Practice, client: Any, bell: Any, status: int
) -> None:
    served_here.control.inject(FaultRule("jobs.post", f"http_{status}_after"))
    with pytest.raises(Exception, match="401" if status == 401 else f"{status}|not found"):
        Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    totals = served_here.control.totals()
    assert (totals["posts"], totals["accepted"], totals["paid"]) == (1, 1, 1)


@pytest.mark.parametrize("effect", ["before", "after"])
def test_who_follows_a_redirect_to_another_host_is_seen_and_with_what(
    served_here: Practice, client: Any, bell: Any, effect: str
) -> None:
    served_here.control.inject(FaultRule("jobs.post", f"redirect_{effect}"))
    with pytest.raises(Exception, match="401"):
        Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    posts = served_here.control.account()["posts"]
    hosts = [post["headers"]["host"].partition(":")[0] for post in posts]
    assert hosts == ["127.0.0.1", "localhost"]
    assert ["authorization" in post["headers"] for post in posts] == [True, False]
    assert served_here.control.totals()["accepted"] == (effect == "after")


@pytest.mark.parametrize("fault", ["other_result", "empty_object", "empty_body", "deep_json", "html_before"])
def test_a_result_that_is_none_cannot_be_read_and_does_not_count_as_delivered(
    served_here: Practice, client: Any, bell: Any, fault: str
) -> None:
    served_here.control.inject(FaultRule("results", fault))
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    with pytest.raises(Exception, match=r".+"):
        _ = job.result(timeout=WAIT_S)[0].data.meas
    assert served_here.control.totals()["delivered"] == 0


def test_retry_after_is_a_number_a_date_or_whatever_is_given(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(
        FaultRule("jobs.list", "rate_limited_retry_after", params={"retry_after_s": 7}),
        FaultRule("jobs.list", "retry_after_date", nth=2, params={"retry_after_s": 3600}),
        FaultRule("jobs.list", "retry_after_absurd", nth=3),
        FaultRule("jobs.list", "retry_after_absurd", nth=4, params={"retry_after": "soon"}),
    )
    told = [raw("GET", "/jobs")[2]["Retry-After"] for _ in range(4)]
    assert (told[0], told[2], told[3]) == ("7", "315360000", "soon")
    ahead = parsedate_to_datetime(told[1]) - datetime.now(UTC)
    assert timedelta(minutes=50) < ahead < timedelta(minutes=61)


def test_a_token_that_has_expired_is_good_for_nothing_and_a_new_one_is(
    served_here: Practice, client: Any
) -> None:
    served_here.control.inject(FaultRule("jobs.list", "token_expired"))
    for _ in range(2):
        with pytest.raises(Exception, match="401"):
            client.jobs(limit=1)
    assert practice.connect(served_here).jobs(limit=1) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("usage_nan", isnan),
        ("usage_negative", lambda seconds: seconds == -60),
        ("usage_absurd", lambda seconds: seconds == 1e12),
        ("usage_missing", lambda seconds: seconds is None),
        ("usage_text", lambda seconds: seconds == "twelve seconds"),
    ],
)
def test_ibms_client_tells_whatever_seconds_it_is_told_and_the_account_stays_right(
    served_here: Practice, client: Any, bell: Any, fault: str, said: Callable[[Any], bool]
) -> None:
    served_here.control.inject(FaultRule("metrics", fault))
    job = Sampler(mode=client.backend("practice_boston")).run([bell], shots=10)
    job.result(timeout=WAIT_S)
    assert said(job.usage())
    # 2 s a circuit, and 10 executions of some 250 us
    assert served_here.control.totals()["charged_s"] == pytest.approx(2.0025, abs=1e-3)


def test_a_bill_is_final_and_then_another_one(served_here: Practice, raw: Any) -> None:
    job = raw.post_job()
    served_here.control.reset(FaultRule("metrics", "usage_revised"))
    job = raw.post_job()
    raw.json("GET", f"/jobs/{job}")
    bills = [raw.json("GET", f"/jobs/{job}/metrics")["usage"] for _ in range(2)]
    assert [bill["status"] for bill in bills] == ["complete", "complete"]
    assert bills[0]["seconds"] == bills[1]["seconds"] / 2


def page(raw: Any, query: str = "") -> Said:
    found: Said = raw.json("GET", f"/jobs?limit=5{query}")
    return found


def ids(said: Said) -> list[Any]:
    return [row and row["id"] for row in said["jobs"] if isinstance(row, dict) and "id" in row]


def lists(served: Practice, fault: str) -> None:
    served.control.inject(FaultRule("jobs.list", fault, count=None))


def test_a_list_without_end_is_full_on_every_page(served_here: Practice, raw: Any) -> None:
    job = raw.post_job()
    lists(served_here, "list_endless")
    pages = [page(raw, f"&offset={offset}") for offset in (0, 5, 500_000)]
    assert [len(each["jobs"]) for each in pages] == [5, 5, 5]
    found = [name for each in pages for name in ids(each)]
    assert len(set(found)) == 15
    assert found[0] == job
    assert all(each["count"] > 1_000_000 for each in pages)


def test_a_list_repeats_its_first_page(served_here: Practice, raw: Any) -> None:
    job = raw.post_job()
    lists(served_here, "list_repeats")
    assert [ids(page(raw, f"&offset={offset}")) for offset in (0, 5, 10)] == [[job]] * 3


def test_a_list_leaves_jobs_out_miscounts_them_or_has_rows_that_are_none(
    served_here: Practice, raw: Any
) -> None:
    job = raw.post_job()
    lists(served_here, "list_omits")
    assert (page(raw)["jobs"], page(raw)["count"]) == ([], 0)
    served_here.control.clear()
    lists(served_here, "list_count_wrong")
    assert (ids(page(raw)), page(raw)["count"]) == ([job], 0)
    served_here.control.clear()
    lists(served_here, "list_odd_rows")
    assert page(raw)["jobs"][:3] == [None, 7, {}]
    assert ids(page(raw))[-1] == job


def test_a_jobs_answer_names_another_job_or_a_state_that_is_none_or_is_past(
    served_here: Practice, raw: Any
) -> None:
    job = raw.post_job()
    served_here.control.inject(
        FaultRule("jobs.get", "state_unknown"),
        FaultRule("jobs.get", "state_backwards", nth=3),
        FaultRule("jobs.get", "other_job", nth=4),
        FaultRule("jobs.post", "other_job"),
    )
    told = [raw.json("GET", f"/jobs/{job}") for _ in range(4)]
    assert [each["status"] for each in told] == ["Suspended", "Completed", "Queued", "Completed"]
    assert [each["id"] == job for each in told] == [True, True, True, False]
    assert raw.post_job() not in [each["id"] for each in served_here.control.account()["jobs"]]


def test_a_device_that_is_retired_is_gone_and_its_job_runs_and_is_charged(
    served_here: Practice, client: Any, bell: Any, raw: Any
) -> None:
    backend = client.backend("practice_boston")
    served_here.control.inject(FaultRule("jobs.post", "device_retired"))
    job = Sampler(mode=backend).run([bell], shots=10)
    for part in ("configuration", "properties", "status"):
        assert raw("GET", f"{DEVICE}/{part}")[0] == 404
    assert "practice_boston" not in [each["name"] for each in raw.json("GET", "/backends")["devices"]]
    assert (
        raw("POST", "/jobs", {"program_id": "sampler", "backend": "practice_boston", "params": {}})[0] == 404
    )
    assert job.result(timeout=WAIT_S) is not None
    totals = served_here.control.totals()
    assert (totals["accepted"], totals["paid"], totals["delivered"]) == (1, 1, 1)


def test_a_device_can_be_retired_by_hand(served_here: Practice, raw: Any) -> None:
    served_here.control.retire("practice_torino")
    names = [each["name"] for each in raw.json("GET", "/backends")["devices"]]
    assert names == ["practice_boston", "practice_kingston"]


def test_a_calibration_is_of_the_future_of_no_zone_of_no_time_or_of_no_sense(
    served_here: Practice, raw: Any
) -> None:
    names = ("calibration_future", "calibration_zoneless", "calibration_undated", "calibration_nonsense")
    served_here.control.inject(*(FaultRule("properties", name, nth=n) for n, name in enumerate(names, 1)))
    future, zoneless, undated, nonsense = (raw.json("GET", f"{DEVICE}/properties") for _ in names)
    ahead = datetime.fromisoformat(future["last_update_date"]) - datetime.now(UTC)
    assert timedelta(hours=46) < ahead < timedelta(hours=48)
    assert datetime.fromisoformat(zoneless["last_update_date"]).tzinfo is None
    assert "last_update_date" not in undated
    errors = [item["value"] for item in nonsense["gates"][0]["parameters"] if item["name"] == "gate_error"]
    assert isnan(errors[0])


def test_a_huge_answer_is_the_right_one_with_white_space_of_no_stated_length(
    served_here: Practice, raw: Any
) -> None:
    right = raw.json("GET", "/instances/usage")
    served_here.control.inject(FaultRule("usage", "huge", params={"megabytes": 3}))
    _, body, headers = raw("GET", "/instances/usage")
    assert len(body) > 3 << 20
    assert "Content-Length" not in headers
    assert json.loads(body) == right


def test_a_bomb_is_small_on_the_wire_and_the_right_answer_unpacked(served_here: Practice, raw: Any) -> None:
    right = raw.json("GET", "/instances/usage")
    served_here.control.inject(FaultRule("usage", "bomb", params={"megabytes": 8}))
    _, body, headers = raw("GET", "/instances/usage")
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < 20_000
    unpacked = gzip.decompress(body)
    assert len(unpacked) > 8 << 20
    assert json.loads(unpacked) == right


def test_a_dripping_answer_ends_when_it_is_released(served_here: Practice, raw: Any) -> None:
    served_here.control.inject(FaultRule("usage", "drip", params={"every_s": 3600.0}))
    with pytest.raises(TimeoutError):
        raw("GET", "/instances/usage", timeout_s=0.2)
    served_here.control.release()
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        (entry,) = (each for each in served_here.control.log() if each["call"] == "usage")
        if entry["delivery"] == "dripped":
            break
    assert entry["delivery"] == "dripped"
