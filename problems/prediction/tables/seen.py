"""What the open rows show of a column, so that a new row can be told from them without any row at hand."""

from typing import TYPE_CHECKING, Any

import numpy as np

from problems.prediction.tables.table import Column

if TYPE_CHECKING:
    import pandas as pd


def seen(values: "pd.Series[Any]", column: Column) -> dict[str, Any]:
    """Least, largest and median number, or the commonest level; empty where all are missing.

    Args:
        values: of the open rows.
        column: which it is.
    """
    present = values.dropna()
    if not len(present):
        return {}
    if column.kind == "category":
        return {"usual": str(present.mode().iloc[0])}
    numbers = present.to_numpy(dtype=np.float64)
    # a value of the table, not between two: of whole numbers a whole one
    usual = float(np.quantile(numbers, 0.5, method="inverted_cdf"))
    return {"low": float(numbers.min()), "high": float(numbers.max()), "usual": usual}
