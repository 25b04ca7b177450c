"""Commands as settings state them, in the words of a shell."""

import shlex


def command_words(stated: str) -> tuple[str, ...]:
    """Splits a command as a shell does; raises `ValueError` in one line where it is none."""
    try:
        words = tuple(shlex.split(stated))
    except ValueError as error:
        raise ValueError(f"expected a command with options, as a shell reads it: {error}") from None
    if not words or not words[0]:
        raise ValueError("expected a command, got no word")
    if "\n" in stated.strip() or "\0" in stated:
        raise ValueError("expected a command on one line")
    return words
