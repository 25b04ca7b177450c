"""Commands in the words of a shell: as settings state them, and as advice has them to paste."""

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


def hint(*words: object) -> str:
    """A command of ours with these words, quoted so that a shell takes it as it stands."""
    return shlex.join(["tierwise", *map(str, words)])
