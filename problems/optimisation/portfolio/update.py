"""What ranks tell each other, as bytes: the best point with its cost, and the best bounds. No pickles."""

from dataclasses import dataclass

import numpy as np

from problems.optimisation.model.models import Appointments, Model
from problems.optimisation.model.points import Point

NOTHING = np.iinfo(np.int64).min
HEAD = 3


@dataclass(frozen=True)
class Update:
    """What a rank found itself; None where it has nothing better than what it has heard.

    Attributes:
        cost: of `point`.
        bound: the best lower bound on all costs.
        certified: the best one whose proof anybody can check again.
        point: of shape `shape(model)`.
    """

    cost: int | None = None
    bound: int | None = None
    certified: int | None = None
    point: Point | None = None

    def pack(self) -> bytes:
        """Three int64, NOTHING for None, then the point's int32."""
        numbers = [NOTHING if x is None else x for x in (self.cost, self.bound, self.certified)]
        tail = b"" if self.point is None else self.point.astype(np.int32).tobytes()
        return np.array(numbers, dtype=np.int64).tobytes() + tail


def unpack(data: bytes, model: Model) -> Update:
    """Reads what `Update.pack` wrote."""
    cut = 8 * HEAD
    cost, bound, certified = (
        None if number == NOTHING else number for number in np.frombuffer(data[:cut], dtype=np.int64).tolist()
    )
    point = np.frombuffer(data[cut:], dtype=np.int32).reshape(shape(model)) if cost is not None else None
    return Update(cost, bound, certified, point)


def shape(model: Model) -> tuple[int, ...]:
    """The shape of a point of the model."""
    return (model.size, 3) if isinstance(model, Appointments) else (model.size,)
