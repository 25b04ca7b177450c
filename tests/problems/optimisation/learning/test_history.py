"""The history file: what is written is read back, and a malformed row is named by its line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.model.errors import BadInput
from problems.optimisation.learning.features import NAMES
from problems.optimisation.learning.history import HISTORY, Trial, read_history, write_history

distances = st.floats(0, 1).map(lambda value: round(value, 6))
trials = st.builds(
    Trial,
    recipe=st.sampled_from(['{"kind":"max_cut","vertices":3}', '{"a":"b,\\"c"}']),
    kind=st.sampled_from(["qubo", "appointments"]),
    engine=st.sampled_from(["tabu", "highs"]),
    seconds=st.integers(1, 60).map(float),
    cost=st.none() | st.integers(-(10**12), 10**12),
    bound=st.none() | st.integers(-(10**12), 10**12),
    primal=distances,
    dual=distances,
    features=st.dictionaries(st.sampled_from(NAMES), st.integers(-99, 99).map(lambda value: value / 8)),
)


@settings(deadline=None)
@given(st.lists(trials, max_size=5))
def test_what_is_written_is_read_back(rows: list[Trial]) -> None:
    assert list(read_history(write_history(rows, NAMES))) == rows


def test_a_malformed_row_is_named_by_its_line() -> None:
    good = Trial(recipe="{}", kind="qubo", engine="tabu", seconds=1, cost=1, bound=None, primal=0, dual=1)
    text = write_history([good, good], []).decode().replace("tabu,1.0,1,,0.0,1.0\n", "tabu,1.0,1,,0.0,7\n", 1)
    with pytest.raises(BadInput, match=r"history line 2: dual: expected at most 1"):
        read_history(text.encode())


def test_the_history_that_ships_is_sound() -> None:
    rows = read_history(HISTORY.read_bytes())
    assert rows
    for row in rows:
        assert row.cost is None or row.bound is None or row.bound <= row.cost
        assert set(row.features) <= set(NAMES)
    known = {(row.recipe, row.engine) for row in rows}
    assert len(known) == len(rows), "one row an engine and instance"
