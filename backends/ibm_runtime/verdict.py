"""What an exchange with the service means for the caller: done, surely not done, or nobody can tell."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import requests

from escalation.errors import BackendError
from escalation.handoff.service import InDoubt, NotAccepted

if TYPE_CHECKING:
    from backends.ibm_runtime.transport import Exchange

CLIENT_ERRORS = frozenset({400, 401, 402, 403, 404, 405, 409, 410, 411, 413, 414, 415, 422, 431, 451})
"""Statuses that say that the request was read and refused (RFC 9110, section 15.5; 422 and 431: RFC 6585).

Not among them: 408 and 499, where the service or something before it gave up waiting and may have passed the
request on; 429, which is refused for now.
"""
LATER = frozenset({408, 425, 429})
SAID = 300
_NAMED = re.compile(r"/(?:jobs|sessions)/[^/]+$")


@dataclass
class Refusals:
    """What was refused the last time it was asked for, in a way that is taken for final the second time.

    401, as every try after it has a fresh access token; and 404 for what must be there: a list, a device's
    status, the results of a job that is done. A job or a batch by its id may really not be there.
    """

    last: set[tuple[str, str, int]] = field(default_factory=set)

    def passing(self, each: "Exchange") -> bool:
        """Whether it is such a refusal, and the first."""
        status = each.refusal
        may = status == 401 or (status == 404 and not _NAMED.search(each.path))
        return may and (each.method, each.path, status) not in self.last

    def note(self, each: "Exchange") -> None:
        """Keeps in mind what became of an exchange."""
        self.last = {key for key in self.last if key[:2] != (each.method, each.path)}
        if each.refusal is not None:
            self.last.add((each.method, each.path, each.refusal))


def of_post(exchanges: Sequence["Exchange"], refusals: Refusals) -> NotAccepted | InDoubt | None:
    """Judges the POST of a job; None where the service took it.

    - Nothing of the body left this machine (connection refused, name not resolved, TLS failed, no access
      token, held back here): surely not accepted, since a job is in the body.
    - 4xx: surely not accepted. 401 is worth another try once, with a fresh access token; 429 after the time
      that the service names (RFC 6585, section 4).
    - 408, 5xx, 3xx, a reset, a timeout, an answer that cannot be read or names no job: in doubt. An answer
      5xx may come from a gateway in front of a service that accepted (RFC 9110, sections 15.6.3 and 15.6.5).

    Args:
        exchanges: of the call, in order.
        refusals: what came before.
    """
    last = the_post(exchanges)
    if last is None:
        failed = of_call(exchanges, refusals)
        return NotAccepted(f"nothing was sent: {failed}", retry=failed is not None and failed.retry)
    if last.status is not None and not isinstance(last.error, requests.RequestException):
        return _of_status(last, refusals)
    if not last.body_begun:
        return NotAccepted(f"nothing was sent: {reason(last)}", retry=_may_pass(last, refusals))
    if last.status in CLIENT_ERRORS:  # the status came, the text did not
        return _of_status(last, refusals)
    return InDoubt(f"the POST of the job ended without a clear answer: {reason(last)}", retry=True)


def the_post(exchanges: Sequence["Exchange"]) -> "Exchange | None":
    """Returns the POST of a job that counts: the one that left this machine, else the one that was to."""
    posts = [each for each in exchanges if each.method == "POST" and each.path.endswith("/jobs")]
    begun = [each for each in posts if each.body_begun]
    return next(iter(begun or posts), None)


def _of_status(last: "Exchange", refusals: Refusals) -> NotAccepted | InDoubt | None:
    status, said = last.status, reason(last)
    if status == 429:
        return NotAccepted(f"the service is busy: {said}", retry=True, after_s=retry_after_s(last))
    if status == 401:
        return NotAccepted(
            f"the service does not accept the access token: {said}", retry=refusals.passing(last)
        )
    if status in CLIENT_ERRORS:
        return NotAccepted(f"the service refused the job: {said}", retry=False)
    if status is not None and 200 <= status < 300 and job_id(last):
        return None
    return InDoubt(f"the POST of the job ended without a clear answer: {said}", retry=True)


def of_call(exchanges: Sequence["Exchange"], refusals: Refusals) -> BackendError | None:
    """Judges any other call by its first exchange that failed; None where all went well."""
    failed = next((each for each in exchanges if not each.good), None)
    if failed is None:
        return None
    return BackendError(
        f"{failed.method} {failed.path} failed: {reason(failed)}", retry=_may_pass(failed, refusals)
    )


def _may_pass(failed: "Exchange", refusals: Refusals) -> bool:
    """Whether what stopped an exchange may be over later."""
    from backends.ibm_runtime.transport import LocallyRefused

    if isinstance(failed.error, LocallyRefused | requests.exceptions.InvalidURL):
        return False
    status = failed.refusal
    later = status is None or status < 400 or status in LATER or status >= 500
    return later or refusals.passing(failed)


def job_id(last: "Exchange") -> str | None:
    """Returns the id in the answer to a POST of a job; None where there is none to be read."""
    try:
        found = json.loads(last.body)
    except ValueError:
        return None
    named = found.get("id") if isinstance(found, dict) else None
    return named if isinstance(named, str) and named else None


def retry_after_s(last: "Exchange") -> float | None:
    """Returns the seconds that Retry-After asks for, a number or a date (RFC 9110, section 10.2.3)."""
    told = {name.lower(): value for name, value in last.headers.items()}.get("retry-after", "").strip()
    if told.isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def reason(last: "Exchange") -> str:
    """Says in a few words what came: the status with the service's message, or what broke."""
    if last.status is None:
        return f"{type(last.error).__name__}: {str(last.error)[:SAID]}"
    broke = "" if last.error is None else f", {type(last.error).__name__}"
    return f"HTTP {last.status}{broke} {_message(last.body)}".strip()


def _message(body: bytes) -> str:
    """Finds the service's own words in an error's body: `errors[].message` or `error.message`."""
    text = body[: 64 * SAID].decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        return text[:SAID]
    errors = found.get("errors") or [found.get("error")] if isinstance(found, dict) else [found]
    messages = [
        str(each.get("message", each)) if isinstance(each, dict) else str(each) for each in errors if each
    ]
    return "; ".join(messages)[:SAID]
