"""Copies join groups; patients who are alike by chance stay apart."""

import numpy as np
import pandas as pd

from problems.prediction.tables.equal_rows import join_copies
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


def test_a_pair_that_chance_explains_is_no_copy() -> None:
    # 80 ages, 2 sexes, 201 creatinines, 5 wards, 5 counts: two rows agree with 1 in 804,000, so that 0.22
    # of the 179,700 pairs of 600 rows are expected to, and one that does is no surprise
    rng = np.random.default_rng(7)
    rows = 600
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 98, rows).astype(float),
            "sex": rng.choice(["m", "f"], rows),
            "creatinine": (rng.integers(50, 251, rows) / 100),
            "ward": rng.choice(list("abcde"), rows),
            "admissions": rng.integers(0, 5, rows).astype(float),
        }
    )
    once = frame.copy()
    once.iloc[1] = once.iloc[0]
    joined = join_copies(once, same(once), np.arange(rows))
    assert (joined.copies, joined.alike) == (0, 2)
    # twenty of them are many more than 0.22
    many = frame.copy()
    many.iloc[20:40] = many.iloc[:20].to_numpy()
    joined = join_copies(many, same(many), np.arange(rows))
    assert (joined.copies, joined.alike) == (40, 0)


def test_a_copy_of_a_rare_row_is_found_among_rows_that_are_alike_by_chance() -> None:
    frame = pd.concat([few_values(), measured(2)], axis=1)
    frame.loc[:199, ["x0", "x1"]] = np.nan  # 200 patients of whom sex and ward alone are known
    frame.iloc[239] = frame.iloc[238]
    joined = join_copies(frame, same(frame), np.arange(240))
    assert (joined.copies, joined.alike) == (2, 200)


def test_patients_with_equal_visits_are_hardly_ever_taken_for_one_another() -> None:
    alike = copied = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        weights = rng.integers(400, 1000, 300) / 10
        patients = pd.DataFrame({"age": rng.integers(18, 98, 300).astype(float), "weight": weights})
        frame = patients.loc[np.repeat(np.arange(300), 2)].reset_index(drop=True)
        joined = join_copies(frame, same(frame), np.repeat(np.arange(300), 2))
        alike += joined.alike > 0
        copied += joined.copies > 0
    # 44,850 pairs of patients, each with 1 in 48,000: 0.93 in a table, so that 1 - e^-0.93 = 61 % have one
    assert 6 <= alike <= 18
    assert copied <= 2
