"""Words for what a shadow policy said of a decision, as it is recorded."""

from collections.abc import Mapping
from typing import Any


def shadow_words(said: Mapping[str, Any]) -> str:
    """What it would have done, and by which rules or for want of what."""
    if "failed" in said:
        return f"it could not be asked: {said['failed']}"
    if said["verdict"] == "same":
        return "the same"
    if said["verdict"] == "changed":
        rules = ", ".join(dict.fromkeys(f"{each['rule']} {each['effect']}" for each in said["why"]))
        return (said["now"] or "otherwise, it cannot be told how") + (f" ({rules})" if rules else "")
    missing = f": {', '.join(said['missing'])}" if said.get("missing") else ""
    return f"it cannot be told, {said['cannot_tell']}{missing}"
