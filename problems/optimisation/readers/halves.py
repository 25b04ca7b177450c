"""Files that hold both halves of a symmetric matrix, or both directions of every edge.

The formats give a pair once: "if there is a line `a b w`, the line `b a w` should not be included" (MQLib's
description of its files, which are OR-Library's and rudy's without the number of instances). A file that
holds every pair in both directions with one value is taken for the whole matrix, and each pair once. Anything
between the two could mean either, and is refused.
"""

from collections.abc import Sequence

from escalation.model.errors import BadInput
from problems.optimisation.readers.pairs import Entry


def one_half(entries: Sequence[Entry]) -> tuple[Sequence[Entry], tuple[str, ...]]:
    """Returns each pair in one direction only, and a remark where the other was left out.

    Raises:
        BadInput: where some pairs stand in both directions and some in one, or with two values.
    """
    found = {(i, j): (weight, where) for i, j, weight, where in entries if i != j}
    both = next((where for (i, j), (_, where) in found.items() if (j, i) in found), None)
    if both is None:
        return entries, ()
    seen: set[tuple[int, int]] = set()
    for i, j, weight, where in entries:
        if i == j:
            continue
        if (j, i) not in found:
            raise BadInput(
                f"{where}: {i} and {j} stand in one direction only, another pair in both ({both}): "
                "expected every pair once, or every pair in both"
            )
        if (i, j) in seen or weight != found[j, i][0]:
            raise BadInput(
                f"{where}: {i} and {j} stand in both directions with two values, or more than twice (also "
                f"{found[j, i][1]}): expected every pair once, or every pair in both with one value"
            )
        seen.add((i, j))
    remark = f"every pair stands in both directions, and is taken once: first at {both}"
    return [each for each in entries if each[0] <= each[1]], (remark,)


def refuse_repeated(entries: Sequence[Entry]) -> None:
    """Raises `BadInput` where an entry of a matrix stands twice in one direction."""
    seen: dict[tuple[int, int], str] = {}
    for i, j, _, where in entries:
        if (i, j) in seen:
            raise BadInput(f"{where}: the entry {i} {j} stands twice, also at {seen[i, j]}; keep one")
        seen[i, j] = where
