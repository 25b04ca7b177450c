"""Puts who is signed in beside the name that was typed into an approval's form (`flows.approval`).

Prefect takes the form's fields as they come, and knows nobody. So what a person sends through the gate says
who he is, whatever he types.
"""

import json
import re
from typing import Any

from deployments.front.asgi import Scope
from deployments.front.permitted import NotPermitted

_RESUME = re.compile(r"/api/flow_runs/[0-9a-fA-F-]{32,36}/resume/?")
_KIND = "__prefect_kind"


def is_answer(scope: Scope) -> bool:
    """Whether a paused run is being told to go on."""
    return scope["method"] == "POST" and _RESUME.fullmatch(scope["path"]) is not None


def signed(body: bytes, person: str | None) -> bytes:
    """The form with the name of who sent it; what is no answer to an approval has none.

    Args:
        body: as the page sends it.
        person: who is signed in; None where that is nobody by name.

    Raises:
        NotPermitted: when it is no form that somebody typed; or says neither yes nor no, or not who says so.
            Its dialog is open still, where the reason is shown.
    """
    try:
        sent = json.loads(body or b"{}")
        given = _typed(sent.get("run_input"))
    except (ValueError, AttributeError, RecursionError):
        raise NotPermitted("expected a form with the fields as they were typed") from None
    if isinstance(given, dict) and given.get("answer") in ("choose", "approve", "deny"):
        name = str(given.get("name") or "").strip()
        if person:
            given["name"] = person if name in {"", person} else f"{name} (signed in as {person})"
        _check_said(given)
    return json.dumps({**sent, "run_input": given}).encode()


def _check_said(given: dict[str, Any]) -> None:
    missing = ["choose approve or deny"] if given["answer"] == "choose" else []
    missing += [] if str(given.get("name") or "").strip() else ["type your name"]
    if missing:
        raise NotPermitted(" and ".join(missing))


def _typed(value: Any) -> Any:
    """The value itself: Prefect would work others out after the gate, of templates, variables and text."""
    if isinstance(value, list):
        return [_typed(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get(_KIND) == "none" and value.keys() == {_KIND, "value"}:
        return _typed(value["value"])
    if _KIND in value:
        raise ValueError(_KIND)
    return {name: _typed(each) for name, each in value.items()}
