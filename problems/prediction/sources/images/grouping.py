"""Which pictures stay together: those of a patient, of a file, and twins; joined where they overlap."""

from dataclasses import dataclass

import numpy as np

from escalation.text.wording import counted
from problems.prediction.sources.images.features.every import grey_of
from problems.prediction.sources.images.gathering import Pictures
from problems.prediction.sources.images.twins import twin_groups
from toolbox.arrays.types import Index
from toolbox.stats.splits import codes, merge_groups
from toolbox.tables.raw import Numbers, Texts

KEPT_TOGETHER = "kept together"
"""Name of the column of groups where the problem names none."""
LARGE = 0.1
"""Share of all pictures from which on one group of twins is remarked on."""


@dataclass(frozen=True)
class Groups:
    """Groups of pictures.

    Attributes:
        values: one text a picture, equal in a group; None where every picture stands alone.
        remarks: what a reader should know.
    """

    values: Texts | None
    remarks: tuple[str, ...] = ()


def grouped(
    pictures: Pictures,
    stated: Texts | Numbers | None,
    persons: Index | None,
    files: Index,
    twins_from: float | None,
) -> Groups:
    """Joins all that makes pictures depend on one another.

    Args:
        pictures: all of one size.
        stated: the group of each by the column that the problem names; whoever reads it complains of gaps.
        persons: the patient of each, numbered, where the files say so.
        files: the file of each.
        twins_from: correlation above which two pictures are twins; None where twins are ignored.
    """
    texts = None if stated is None else _texts(stated)
    if texts is not None and None in texts:
        return Groups(texts)
    known = [each for each in (None if texts is None else codes(texts), persons) if each is not None]
    joined = files
    for each in known:
        joined = merge_groups(joined, each)
    remarks: list[str] = []
    if twins_from is not None:
        joined, said = _with_twins(pictures, joined, twins_from)
        remarks += said
    if texts is None and len(np.unique(joined)) == len(joined):
        return Groups(None, tuple(remarks))
    return Groups(_named(joined, texts), tuple(remarks))


def _with_twins(pictures: Pictures, groups: Index, twins_from: float) -> tuple[Index, list[str]]:
    twins = twin_groups(_grey(pictures), twins_from)
    sizes = np.bincount(twins)
    copied = int(np.sum(sizes[sizes > 1]))
    if not copied:
        return groups, []
    joined = merge_groups(groups, twins)
    said = [
        f"{counted(copied, 'picture has', 'pictures have')} a twin (correlation above {twins_from:g}): "
        f"{len(pictures)} pictures form {len(sizes)} groups of twins, which are kept together"
    ]
    before, after = len(np.unique(groups)), len(np.unique(joined))
    if before < len(groups) and after < before:
        said.append(f"twins join {before} groups of patients or files into {after}")
    if sizes.max() > max(LARGE * len(pictures), 2):
        said.append(
            f"one group of twins holds {sizes.max()} of {len(pictures)} pictures: if they are no copies but "
            "alike, raise `twins_from`"
        )
    return joined, said


def _grey(pictures: Pictures) -> Pictures:
    if pictures.ndim == 3:
        return pictures
    made = np.empty(pictures.shape[:3], dtype=np.float32)
    for place, picture in enumerate(pictures):
        made[place] = grey_of(picture[None].astype(np.float64))[0]
    return made


def _texts(stated: Texts | Numbers) -> Texts:
    from problems.prediction.tables.column_types import as_texts

    return as_texts(stated)


def _named(groups: Index, texts: Texts | None) -> Texts:
    """Each group by what the problem's column says of its first picture, else by a number."""
    first: dict[int, str] = {}
    for place, group in enumerate(groups.tolist()):
        first.setdefault(group, f"group {group + 1}" if texts is None else str(texts[place]))
    return [first[group] for group in groups.tolist()]
