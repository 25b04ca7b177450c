"""Puts who is signed in beside the name that was typed into an approval's form (`flows.approval`).

Prefect takes the form's fields as they come, and knows nobody. So what a person sends through the gate says
who he is, whatever he types.
"""

import json
import re

from deployments.front.asgi import App, Message, Receive, Scope, Send, body_of, without

_RESUME = re.compile(r"/api/flow_runs/[0-9a-fA-F-]{32,36}/resume/?")
_MOST_BYTES = 1 << 20


def is_answer(scope: Scope) -> bool:
    """Whether a paused run is being told to go on."""
    return scope["method"] == "POST" and _RESUME.fullmatch(scope["path"]) is not None


async def named_answer(app: App, scope: Scope, receive: Receive, send: Send, person: str) -> None:
    """Passes the answer on with the person's name in it.

    Raises:
        TooLong: when it is no form that somebody typed.
    """
    body = signed(await body_of(receive, _MOST_BYTES), person)

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    length = (b"content-length", str(len(body)).encode())
    await app({**scope, "headers": [*without(scope["headers"], b"content-length"), length]}, again, send)


def signed(body: bytes, person: str) -> bytes:
    """The form with the name of who sent it; what is no answer to an approval stays as it is."""
    try:
        sent = json.loads(body)
        typed, answer = (sent["run_input"][field] for field in ("name", "answer"))
    except (ValueError, LookupError, TypeError):
        return body
    if answer not in ("choose", "approve", "deny") or not isinstance(typed, str):
        return body
    if typed.strip() in {"", person}:
        sent["run_input"]["name"] = person
    else:
        sent["run_input"]["name"] = f"{typed.strip()} (signed in as {person})"
    return json.dumps(sent).encode()
