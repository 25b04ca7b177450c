"""Which of two classes is the one to predict, where a table is all that says so."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from escalation.text.wording import counted, listed

FLAGS = (["0", "1"], ["false", "true"])
"""Classes of which the second is positive unless another word is said."""

POSITIVES = frozenset(
    {
        "yes",
        "died",
        "dead",
        "death",
        "positive",
        "pos",
        "malignant",
        "case",
        "event",
        "disease",
        "ill",
        "sick",
    }
    | {"readmitted", "relapse", "abnormal", "true"}
)
"""Names of classes that are the ones to predict, whatever the other is."""

LETTERS: Mapping[str, str] = {"y": "n", "m": "b", "+": "-"}
"""Marks that are so beside their opposite alone: beside `f`, an `m` is no malignant tumour."""


def named_positive(classes: Sequence[str]) -> str | None:
    """The class that by its name is the one to predict; none where both are named so, or neither."""
    if list(classes) in FLAGS:
        return classes[1]
    lower = [each.lower() for each in classes]
    named = [each for each in classes if each.lower() in POSITIVES or LETTERS.get(each.lower()) in lower]
    return named[0] if len(named) == 1 else None


def likely_positive(texts: Sequence[str]) -> str:
    """The class that is named so, else the rarer one; a guess for a person to look at.

    Args:
        texts: the class of each row, two different ones.
    """
    counts = Counter(texts)
    rarest = min(counts, key=lambda text: (counts[text], text))
    return named_positive(sorted(counts)) or rarest


def spelt_alike(texts: Iterable[str | None]) -> list[str]:
    """What is said of values that differ in case or spaces alone: `'F' (162 rows) and 'f' (160 rows) …`."""
    counts = Counter(text for text in texts if text is not None)
    same: dict[str, list[str]] = {}
    for text in sorted(counts):
        same.setdefault(" ".join(text.split()).casefold(), []).append(text)
    shown = {text: f"{text!r} ({counted(count, 'row', 'rows')})" for text, count in counts.items()}
    return [
        f"{listed([shown[text] for text in found])} differ in case or spaces alone, and count as different: "
        "if they mean the same, spell them alike in the table"
        for found in same.values()
        if len(found) > 1
    ]
