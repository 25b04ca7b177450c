"""Has Prefect's pages ask at the address that they were opened at, and for no second sign-in.

Their scripts read `ui-settings`: under which address the API is, and whether to ask for a credential. Behind
the gate, whoever gets them is signed in.
"""

import json

from deployments.front.asgi import App, Message, Receive, Scope, Send, values, without

PATHS = ("/ui-settings", "/v2/ui-settings")


async def plain_settings(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Passes the request on, and the answer back as the pages behind a gate need it."""
    start: Message = {}
    body = b""

    async def changed(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
            return
        body += message.get("body", b"")
        if message.get("more_body"):
            return
        whole = _behind_the_gate(body, scope) if start["status"] == 200 else body
        headers = [
            *without(start["headers"], b"content-length"),
            (b"content-length", str(len(whole)).encode()),
        ]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": whole})

    await app({**scope, "headers": without(scope["headers"], b"accept-encoding")}, receive, changed)


def _behind_the_gate(body: bytes, scope: Scope) -> bytes:
    (host,) = values(scope["headers"], b"host")
    settings = json.loads(body)
    return json.dumps({**settings, "auth": None, "api_url": f"{scope['scheme']}://{host}/api"}).encode()
