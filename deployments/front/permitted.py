"""What a person who is signed in may change of Prefect's: runs, schedules and switches.

Prefect's API is an administrator's. With it one could write the answer of another person into a paused run,
or what the question says, or have a deployment start other code under the account that serves. Only
`/resume` answers, which `deployments.front.answers` signs; for the rest there is the credential.
"""

import json
import re
from typing import Any

from deployments.front.asgi import READS, Scope

_LOOKS = re.compile(
    r"/api/(?:[\w.+ -]+/)*(?:filter|count|paginate|history|lateness|next-runs|count-task-runs"
    r"|count-deployments|validate|count-by/\w+|get_scheduled_flow_runs|get_runs)/?"
)
"""Ask by POST, and change nothing."""
_ID = r"[0-9a-fA-F-]{32,36}"
_SCHEDULE = rf"deployments/{_ID}/schedules/{_ID}"
_MAY = {
    "POST": rf"flow_runs/({_ID}/resume|bulk_delete)|(flows|deployments)/bulk_delete|deployments/{_ID}/"
    r"(create_flow_run|schedules|pause_deployment|resume_deployment|set_schedule_(in)?active)",
    "PATCH": _SCHEDULE,
    "DELETE": rf"(flow_runs|task_runs|flows|deployments|saved_searches)/{_ID}|{_SCHEDULE}",
    "PUT": r"saved_searches",
}
_STATE = re.compile(rf"/api/(?:(?:flow_runs|task_runs)/{_ID}/set_state|flow_runs/bulk_set_state)/?")
_FIELDS = {
    rf"deployments/{_ID}": {"paused", "description", "tags", "parameters", "enforce_parameter_schema"}
    | {"concurrency_limit", "concurrency_options"},
    r"work_pools/[^/]+(/queues/[^/]+)?|work_queues/[^/]+": {"is_paused", "concurrency_limit", "priority"},
}
"""Of what may be patched: the rest says which code runs, and how."""
_ENDS = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED", "CANCELLING", "SCHEDULED"}


class NotPermitted(ValueError):
    """What is asked for is an administrator's; the message says what may be done."""


def sets(scope: Scope) -> bool:
    """Whether what it sends must be looked at: `checked`."""
    return _is_state(scope) or _fields(scope) is not None


def check_permitted(scope: Scope) -> None:
    """Raises `NotPermitted` for what the pages do not need."""
    method, path = scope["method"], scope["path"]
    may = method in READS or sets(scope) or (method == "POST" and _LOOKS.fullmatch(path))
    if not may and not re.fullmatch(f"/api/(?:{_MAY.get(method, '(?!)')})/?", path):
        raise NotPermitted("this is done with the credential, as by the prefect command, not on the pages")


def checked(scope: Scope, body: bytes) -> bytes:
    """What is sent, without what may not be.

    Raises:
        NotPermitted: for a state in which a run would go on, or fields that say what code runs.
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise NotPermitted("expected an object of JSON")
    fields = _fields(scope)
    if fields is None:
        return json.dumps({**sent, "state": _ended(sent.get("state"))}).encode()
    if not fields.issuperset(sent):
        raise NotPermitted(f"expected no fields but {', '.join(sorted(fields))}")
    return json.dumps(sent).encode()


def _ended(state: Any) -> dict[str, Any]:
    """A state by its name alone: its details could say where a run finds its answer."""
    kind = str(state.get("type")).upper() if isinstance(state, dict) else None
    if kind not in _ENDS:
        raise NotPermitted("expected a state that ends a run or begins it anew; a pause ends with Resume")
    return {name: state[name] for name in ("type", "name", "message") if name in state}


def _is_state(scope: Scope) -> bool:
    return scope["method"] == "POST" and _STATE.fullmatch(scope["path"]) is not None


def _fields(scope: Scope) -> set[str] | None:
    if scope["method"] != "PATCH":
        return None
    found = (fields for path, fields in _FIELDS.items() if re.fullmatch(f"/api/(?:{path})/?", scope["path"]))
    return next(found, None)
