"""No ended case goes unlooked at for longer than is promised, however many others end meanwhile."""

from hypothesis import given
from hypothesis import strategies as some

from records.recheck.draw import draw, within_nights


def test_half_are_those_that_waited_longest_and_the_seed_draws_the_others() -> None:
    waits = {f"c{number:02}": f"2026-11-{number:02}" for number in range(1, 29)}
    chosen = draw(waits, 5, "2026-11-29")
    assert chosen[:3] == ("c01", "c02", "c03")
    assert len(set(chosen)) == 5
    assert draw(waits, 5, "2026-11-29") == chosen
    drawn = {draw(waits, 5, str(seed))[3:] for seed in range(50)}
    assert len(drawn) > 25  # of 300 pairs


def test_where_there_are_fewer_than_wanted_all_are_tried() -> None:
    assert draw({}, 20, "s") == ()
    assert sorted(draw({"a": "1", "b": "2"}, 20, "s")) == ["a", "b"]


@given(
    size=some.integers(1, 9),
    before=some.integers(0, 30),
    ending=some.lists(some.integers(0, 12), min_size=1, max_size=25),
    seed=some.integers(),
)
def test_a_case_is_tried_within_the_nights_that_were_promised_when_it_ended(
    size: int, before: int, ending: list[int], seed: int
) -> None:
    waits: dict[str, int] = {}
    due: dict[str, int] = {}
    for night, new in enumerate([before, *ending]):
        for number in range(new):
            waits[f"{night}/{number}"] = 2 * night
        for case in waits.keys() - due.keys():  # those that ended since, or were tried last night
            due[case] = night + within_nights(len(waits), size)
        for case in draw({case: f"{at:06}" for case, at in waits.items()}, size, f"{seed}/{night}"):
            waits[case] = 2 * night + 1
            del due[case]
        assert all(night + 1 < last for last in due.values()), "a case waits longer than was promised"
