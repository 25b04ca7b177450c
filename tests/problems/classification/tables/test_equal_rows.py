"""Copies join groups; patients who are alike by chance stay apart."""

import numpy as np
import pandas as pd

from problems.classification.tables.equal_rows import join_copies
from toolbox.stats.splits import codes

RNG = np.random.default_rng(2)
PATIENTS = np.repeat(np.arange(120), 2)


def same(frame: pd.DataFrame) -> np.ndarray:
    return codes([tuple(row) for row in frame.astype(object).fillna("missing").itertuples(index=False)])


def few_values() -> pd.DataFrame:
    return pd.DataFrame({"sex": RNG.choice(["m", "f"], 240), "ward": RNG.choice(list("abcdef"), 240)})


def measured(columns: int) -> pd.DataFrame:
    return pd.DataFrame({f"x{i}": RNG.normal(size=240).round(6) for i in range(columns)})


def test_patients_of_one_sex_and_ward_stay_apart() -> None:
    frame = few_values()
    joined = join_copies(frame, same(frame), PATIENTS)
    assert np.array_equal(joined.groups, PATIENTS)
    assert (joined.copies, joined.alike) == (0, 240)


def test_a_column_of_ages_alone_joins_nobody() -> None:
    frame = pd.DataFrame({"age": RNG.integers(18, 98, 240).astype(float)})
    assert join_copies(frame, same(frame), PATIENTS).copies == 0


def test_copied_measurements_join_their_groups() -> None:
    for columns in (1, 2, 5):
        frame = measured(columns)
        frame.iloc[200:220] = frame.iloc[:20].to_numpy()  # patients 100 to 109 are 0 to 9 again
        joined = join_copies(frame, same(frame), PATIENTS)
        assert (joined.copies, joined.alike) == (40, 0)
        assert np.array_equal(joined.groups[200:220], joined.groups[:20])
        assert len(set(joined.groups)) == 110


def test_rows_copied_many_times_under_new_ids_are_copies() -> None:
    frame = measured(3)
    more = pd.concat([frame, *[frame.iloc[:24]] * 5], ignore_index=True)  # 24 rows six times each
    joined = join_copies(more, same(more), np.arange(len(more)))
    assert joined.copies == 24 * 6
    assert len(set(joined.groups)) == 240


def test_rows_of_which_all_is_missing_are_no_copies() -> None:
    frame = measured(8)
    frame.iloc[:60] = np.nan
    joined = join_copies(frame, same(frame), PATIENTS)
    assert (joined.copies, joined.alike) == (0, 60)
