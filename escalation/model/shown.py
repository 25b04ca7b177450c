"""How an object shows itself in a notebook: a later room says how, see `escalation.text.notebook`."""

from functools import singledispatch


@singledispatch
def html_of(_thing: object) -> str | None:
    """The object as HTML; None of a kind that nobody draws, which a notebook then prints."""
    return None
