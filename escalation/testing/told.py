"""What every family says to people: lines for somebody who knows neither its methods nor its statistics."""

import re

from escalation.ports.families import Answer
from escalation.testing.contract import expect

INSIDERS = ("sealed", "rung", "hop", "gate", "fence", "waived", "nearest flip", "α", "one-sided")
"""Words that only those use who made this."""
MOST_TITLE = 120
"""Characters of a title of a sample; a user's own names may make it longer."""


def check_asked(said: str) -> None:
    """A title: one short line that begins with a capital letter and ends without a stop."""
    check_line("what is asked", said)
    expect(len(said) <= MOST_TITLE, f"what is asked: expected at most {MOST_TITLE} characters, got {said!r}")
    titled = said[:1] == said[:1].upper() and not said.endswith(".")
    expect(titled, f"what is asked: expected a title with a capital letter and no stop, got {said!r}")


def check_answer_said(method: str, answer: Answer) -> None:
    """An answer in lines, and a sentence on why it can be believed."""
    expect(bool(answer.words), f"{method}: its answer is not put into words")
    for line in answer.words:
        check_line(method, line)
    for line in (answer.rests_on, *answer.next_steps):
        check_line(method, line)
        expect(not line.endswith("."), f"{method}: expected a sentence without its stop, got {line!r}")


def check_picture(method: str, picture: str) -> None:
    """A picture of the answer, where there is one, is an SVG that says what it shows."""
    if not picture:
        return
    head = picture[: picture.find(">") + 1]
    titled = re.search(r"<title\b[^>]*>[^<]", picture) is not None
    spoken = picture.startswith("<svg ") and 'role="img"' in head and "aria-labelledby=" in head and titled
    expect(spoken, f"{method}: expected an SVG with role img, and a title that it is labelled by")


def check_help(method: str, answer: Answer) -> None:
    """An answer that misses its target comes with what would help."""
    check_answer_said(method, answer)
    expect(bool(answer.next_steps), f"{method}: does not say what would help where the target is missed")


def check_line(what: str, said: str) -> None:
    """One line, in words that need no explanation."""
    expect(bool(said.strip()) and "\n" not in said, f"{what}: expected a line, got {said!r}")
    found = [word for word in INSIDERS if re.search(rf"\b{word}s?\b", said, re.IGNORECASE)]
    expect(not found, f"{what}: says {', '.join(found)}, which its reader does not know: {said!r}")
