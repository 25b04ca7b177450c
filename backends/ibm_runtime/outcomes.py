"""Outcome of an exchange with the service, for the caller: done, surely not done, or in doubt."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from backends.ibm_runtime.bounded import UnusableAnswer
from backends.ibm_runtime.documents import identity, parse
from backends.ibm_runtime.exchange import Exchange, LocallyRefused
from escalation.model.errors import BackendError
from escalation.ports.paid import Answered, Declined, InDoubt, Malformed, NotSent

CLIENT_ERRORS = frozenset({400, 401, 402, 403, 404, 405, 409, 410, 411, 413, 414, 415, 422, 431, 451})
"""Statuses that say that the request was read and refused (RFC 9110, section 15.5; 422 and 431: RFC 6585).

Not among them: 408 and 499, where the service or something before it gave up waiting and may have passed the
request on; 429, which is refused for now.
"""
LATER = frozenset({408, 425, 429})
MESSAGE_CHARS = 300
MAX_RETRY_AFTER_S = 86400.0
_SECONDS = re.compile("[0-9]{1,300}")
_NAMED = re.compile(r"/(?:jobs|sessions)/[^/]+$")


@dataclass
class Refusals:
    """Requests that were refused the last time, in a way that is taken for final the second time.

    401, as every try after it has a fresh access token; and 404 for what must be there: a list, a device's
    status, the results of a job that is done. A job or a batch by its id may really not be there.
    """

    last: set[tuple[str, str, int]] = field(default_factory=set)

    def passing(self, exchange: Exchange) -> bool:
        """Whether it is such a refusal, and the first."""
        status = exchange.refusal
        may = status == 401 or (status == 404 and not _NAMED.search(exchange.path))
        return may and (exchange.method, exchange.path, status) not in self.last

    def note(self, exchange: Exchange) -> None:
        """Keeps in mind what became of an exchange."""
        self.last = {key for key in self.last if key[:2] != (exchange.method, exchange.path)}
        if exchange.refusal is not None:
            self.last.add((exchange.method, exchange.path, exchange.refusal))


def outcome_of_post(exchanges: Sequence[Exchange], refusals: Refusals) -> NotSent | Answered | None:
    """Judges the POST of a job; None where the service took it.

    - Nothing of the body left this machine (connection refused, name not resolved, TLS failed, no access
      token, held back here): not sent, since a job is in the body.
    - 4xx: declined, whatever became of it. 401 is worth another try once, with a fresh access token; 429
      after the time that the service names (RFC 6585, section 4).
    - 408, 5xx, 3xx, a reset, a timeout, an answer that cannot be read or names no job: in doubt. An answer
      5xx may come from a gateway in front of a service that accepted (RFC 9110, sections 15.6.3 and 15.6.5).

    Args:
        exchanges: of the call, in order.
        refusals: what came before.
    """
    last = job_post(exchanges)
    if last is None:
        failed = outcome_of_call(exchanges, refusals)
        return NotSent(f"nothing was sent: {failed}", retry=failed is not None and failed.retry)
    if last.status is not None and not isinstance(last.error, requests.RequestException):
        return _of_status(last, refusals)
    if not last.body_begun:
        return NotSent(f"nothing was sent: {reason(last)}", retry=_may_pass(last, refusals))
    if last.status in CLIENT_ERRORS:  # the status came, the text did not
        return _of_status(last, refusals)
    return InDoubt(f"the POST of the job ended without a clear answer: {reason(last)}")


def job_post(exchanges: Sequence[Exchange]) -> Exchange | None:
    """Returns the POST of a job that counts: the one that left this machine, else the one that was to."""
    posts = [
        exchange for exchange in exchanges if exchange.method == "POST" and exchange.path.endswith("/jobs")
    ]
    begun = [exchange for exchange in posts if exchange.body_begun]
    return next(iter(begun or posts), None)


def _of_status(last: Exchange, refusals: Refusals) -> Answered | None:
    status, message, after_s = last.status, reason(last), retry_after_s(last)
    if status == 429:
        return Declined(f"the service is busy: {message}", after_s=after_s)
    if status == 401:
        what = f"the service does not accept the access token: {message}"
        return Declined(what, retry=refusals.passing(last), after_s=after_s)
    if status in CLIENT_ERRORS:
        return Declined(f"the service refused the job: {message}", retry=False)
    if status is not None and 200 <= status < 300 and job_id(last):
        return None
    return InDoubt(f"the POST of the job ended without a clear answer: {message}", after_s=after_s)


def outcome_of_call(exchanges: Sequence[Exchange], refusals: Refusals) -> BackendError | None:
    """Judges any other call by its first exchange that failed; None where all went well."""
    failed = next((exchange for exchange in exchanges if not exchange.good), None)
    if failed is None:
        return None
    message = f"{failed.method} {failed.path} failed: {reason(failed)}"
    if isinstance(failed.error, UnusableAnswer):
        return Malformed(message)
    return BackendError(message, retry=_may_pass(failed, refusals))


def _may_pass(failed: Exchange, refusals: Refusals) -> bool:
    """Whether what stopped an exchange may be over later."""
    if isinstance(failed.error, LocallyRefused | requests.exceptions.InvalidURL):
        return False
    status = failed.refusal
    later = status is None or status < 400 or status in LATER or status >= 500
    return later or refusals.passing(failed)


def job_id(last: Exchange) -> str | None:
    """Returns the id in the answer to a POST of a job; None where there is none to be read."""
    try:
        return identity(parse(last.body, "the POST of a job").get("id"), "a new job")
    except Malformed:
        return None


def retry_after_s(last: Exchange) -> float | None:
    """Returns the seconds that Retry-After asks for, a number or a date (RFC 9110, section 10.2.3).

    A date is counted from the service's own `Date`, where it tells one: the two clocks may differ.

    Returns:
        At most a day; None where nothing that can be read is asked for.
    """
    headers = {name.lower(): value.strip() for name, value in last.headers.items()}
    header = headers.get("retry-after", "")
    if _SECONDS.fullmatch(header):
        return min(float(header), MAX_RETRY_AFTER_S)
    until = _date(header)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return min(max(0.0, (until - now).total_seconds()), MAX_RETRY_AFTER_S)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # all of them, as the text may hold anything
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def reason(last: Exchange) -> str:
    """Says in a few words what came: the status with the service's message, or what broke."""
    if last.status is None:
        return f"{type(last.error).__name__}: {str(last.error)[:MESSAGE_CHARS]}"
    broke = "" if last.error is None else f", {type(last.error).__name__}: {str(last.error)[:MESSAGE_CHARS]}"
    return f"HTTP {last.status}{broke} {service_message(last.body)}".strip()


def service_message(body: bytes) -> str:
    """Finds the service's own words in an error's body: `errors[].message` or `error.message`."""
    text = body[: 64 * MESSAGE_CHARS].decode(errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text[:MESSAGE_CHARS]
    errors = document.get("errors") or [document.get("error")] if isinstance(document, dict) else [document]
    errors = errors if isinstance(errors, list) else [errors]
    messages = [
        str(error.get("message", error)) if isinstance(error, dict) else str(error)
        for error in errors
        if error
    ]
    return "; ".join(messages)[:MESSAGE_CHARS]
