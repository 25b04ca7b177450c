"""Lists of edges or products, made clean: each pair once, in order, no loops."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from escalation.inputs.document import shown
from escalation.model.errors import BadInput

Entry = tuple[int, int, int, str]
"""Two ends counted from 1, a weight, and the place of the line for complaints."""
Pair = tuple[int, int]


@dataclass
class Pairs:
    """What was found in a list of entries.

    Attributes:
        weights: by pair (lesser end first, counting from 0), summed over repetitions.
        loops: weight by end, summed; of entries whose two ends are one.
        repeated: number of entries whose pair was there before.
        first_loop: place of the first loop.
        first_repeated: place of the first repetition.
    """

    weights: dict[Pair, int] = field(default_factory=dict)
    loops: dict[int, int] = field(default_factory=dict)
    loop_count: int = 0
    repeated: int = 0
    first_loop: str = ""
    first_repeated: str = ""


def gather(entries: Iterable[Entry], size: int, what: str = "vertex") -> Pairs:
    """Sorts entries into pairs and loops.

    Raises:
        BadInput: on an end outside 1 to `size`.
    """
    found = Pairs()
    for first, second, weight, where in entries:
        for end in (first, second):
            if not 1 <= end <= size:
                raise BadInput(f"{where}: expected a {what} from 1 to {size}, got {shown(end)}")
        if first == second:
            found.first_loop = found.first_loop or where
            found.loop_count += 1
            found.loops[first - 1] = found.loops.get(first - 1, 0) + weight
            continue
        pair = (min(first, second) - 1, max(first, second) - 1)
        if pair in found.weights:
            found.first_repeated = found.first_repeated or where
            found.repeated += 1
        found.weights[pair] = found.weights.get(pair, 0) + weight
    return found


def in_order(found: Pairs) -> tuple[tuple[int, int, int], ...]:
    """The pairs with weights other than 0."""
    return tuple((u, v, w) for (u, v), w in sorted(found.weights.items()) if w)


def counted(count: int, one: str, many: str) -> str:
    """`1 loop`, `3 loops`."""
    return f"{count} {one if count == 1 else many}"


def graph_remarks(found: Pairs, repeated: str, zero: Callable[[int], str] | None = None) -> tuple[str, ...]:
    """Says what was done with loops, repeated edges and edges without weight."""
    remarks = []
    if found.loop_count:
        loops = counted(found.loop_count, "loop", "loops")
        remarks.append(f"{loops} (edges from a vertex to itself) dropped, first at {found.first_loop}")
    if found.repeated:
        edges = counted(found.repeated, "repeated edge", "repeated edges")
        remarks.append(f"{edges}: {repeated}, first at {found.first_repeated}")
    weightless = sum(not weight for weight in found.weights.values())
    if weightless and zero:
        remarks.append(zero(weightless))
    return tuple(remarks)
