"""Leads people to the newer of Prefect's two sets of pages, unless they chose the older.

Prefect itself does so at `/` alone. Its links in logs and terminals, and old bookmarks, name pages of the
older set (`/runs/flow-run/ID`); the newer one has each of them under `/v2`.
"""

from deployments.front.asgi import Scope, cookies, opens_a_page

CHOICE = "prefect_ui_version"
"""The cookie in which Prefect's own switch keeps what a person chose."""
_SHARED = {
    "artifacts", "automations", "blocks", "concurrency-limits", "dashboard", "deployments", "events",
    "flow-runs", "flows", "runs", "settings", "variables", "work-pools",
}  # fmt: skip


def newer_page(scope: Scope) -> str | None:
    """Where a person who opens this page is led to; None where it is shown as it is."""
    path = scope["path"]
    if not opens_a_page(scope) or path.split("/")[1] not in _SHARED:
        return None
    if "v1" in cookies(scope["headers"], CHOICE):
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    raw = scope.get("raw_path") or path.encode()
    return f"/v2{raw.decode('latin-1').partition('?')[0]}" + (f"?{query}" if query else "")
