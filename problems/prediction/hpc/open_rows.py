"""What a search of the HPC tier learns from, read on every rank."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from problems.prediction.tables.table import Column
from problems.prediction.tasks.task import Outcomes, outcomes_of
from toolbox.arrays.types import Floats, Index
from toolbox.stats.splits import codes

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class OpenRows:
    """The rows that a solver may learn from, and the features of those it will be judged on.

    `labels` are what folds hold equal shares of: classes, or parts by size. `names` are those of the groups,
    by number. `outcomes` are what is learnt where that is not one of two classes.
    """

    columns: tuple[Column, ...]
    features: "pd.DataFrame"
    labels: NDArray[Any]
    groups: Index
    digests: tuple[str, ...]
    sealed: "pd.DataFrame"
    names: tuple[str, ...] = ()
    outcomes: Outcomes | None = None

    @property
    def weights(self) -> Floats | None:
        """Of each row; None where all count alike."""
        return None if self.outcomes is None else self.outcomes.weights

    def weights_of(self, index: Index) -> Floats | None:
        """Those of some rows."""
        return None if self.weights is None else self.weights[index]


def read_rows(columns: Sequence[Mapping[str, Any]], inputs: Mapping[str, bytes]) -> OpenRows:
    """Reads the two Parquet inputs of a table view."""
    import pandas as pd

    typed = tuple(Column(item["name"], item["kind"], tuple(item["levels"])) for item in columns)
    names = [column.name for column in typed]
    frame = pd.read_parquet(io.BytesIO(inputs["open_rows"]))
    return OpenRows(
        columns=typed,
        features=frame[names],
        labels=frame["__label__"].to_numpy(),
        groups=codes(frame["__group__"].to_list()),
        digests=tuple(frame["__row__"]),
        sealed=pd.read_parquet(io.BytesIO(inputs["sealed_rows"]))[names],
        names=tuple(dict.fromkeys(frame["__group__"])),
        outcomes=outcomes_of(frame),
    )
