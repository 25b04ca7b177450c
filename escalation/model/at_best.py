"""What could be shown of any answer to a problem, known before a tier runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AtBest:
    """The best that a certificate could say, whatever answer comes.

    Attributes:
        value: of the target's metric, on the side that the target asks about; None where no answer can be
            certified at all.
        reaches: whether that reaches the target.
        said: sentences for people, where it does not.
    """

    value: float | None
    reaches: bool
    said: tuple[str, ...] = ()
