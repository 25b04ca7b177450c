"""Graphs as users have them: comments, loops, repeated edges, wrong headers. Every refusal names its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from problems.optimisation.model.models import IndependentSet, MaxCut
from problems.optimisation.readers.graphs import read_cut, read_independent_set
from problems.optimisation.readers.read import Read
from problems.optimisation.spec.spec import IndependentSetSpec, MaxCutSpec
from tests.problems.optimisation.shared_data import shared_data

ReadText = Callable[..., Read]


@pytest.fixture
def rudy(tmp_path: Path) -> ReadText:
    def read(text: str | bytes, **fields: object) -> Read:
        (tmp_path / "g.rud").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_cut(MaxCutSpec.model_validate({"file": "g.rud", **fields}), tmp_path)

    return read


@pytest.fixture
def dimacs(tmp_path: Path) -> ReadText:
    def read(text: str) -> Read:
        (tmp_path / "g.gph").write_text(text)
        return read_independent_set(IndependentSetSpec(file="g.gph"), tmp_path)

    return read


def test_rudy_is_read_with_and_without_weights(rudy: ReadText) -> None:
    read = rudy("4 3\r\n1 2 -1\r\n\r\n4 2\r\n1 3 7\r\n")
    assert read.model == MaxCut(vertices=4, edges=((0, 1, -1), (0, 2, 7), (1, 3, 1)))
    assert read.source["file"] == "g.rud"
    assert read.remarks == ()


def test_decimals_make_the_scale_and_nothing_is_rounded(rudy: ReadText) -> None:
    assert rudy("2 1\n1 2 0.25\n", decimals=2).model == MaxCut(vertices=2, edges=((0, 1, 25),), scale=100)
    with pytest.raises(
        BadInput, match=r"line 2: weight: expected at most 1 decimals, got 0.25: write decimals: 2"
    ):
        rudy("2 1\n1 2 0.25\n", decimals=1)


def test_numbers_of_a_file_are_read_however_they_are_spelt_and_never_rounded(rudy: ReadText) -> None:
    assert rudy("2.0 1e0\n1.0 +2 5E1\n").model == MaxCut(vertices=2, edges=((0, 1, 50),))
    assert rudy("2 2\n1 2 1\n1 1 0e999999999\n").model == MaxCut(vertices=2, edges=((0, 1, 1),))
    with pytest.raises(BadInput, match="expected at most 1 decimals"):
        rudy("2 1\n1 2 0.1000000000000000000000000000001\n", decimals=1)


def test_loops_are_dropped_repeated_edges_summed_and_both_remarked_on(rudy: ReadText) -> None:
    read = rudy("3 6\n1 1 5\n1 2 2\n1 2 3\n2 3 4\n2 3 -4\n1 3 1\n")
    assert read.model == MaxCut(vertices=3, edges=((0, 1, 5), (0, 2, 1)))
    loops, repeated, weightless = read.remarks
    assert loops.startswith("1 loop (edges from a vertex to itself) dropped, first at ")
    assert loops.endswith("g.rud, line 2")
    assert repeated.startswith("2 repeated edges: weights summed, first at ")
    assert repeated.endswith("g.rud, line 4")
    assert weightless == "1 edge of weight 0 left out"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected an instance, got an empty file"),
        (" \n\n", "expected an instance, got an empty file"),
        (b"2 1\n1 \xff 1\n", "line 2: expected UTF-8 text, got byte 0xff"),
        ("2 1 1\n", "line 1: expected `vertices edges`, got '2 1 1'"),
        ("two 1\n1 2 1\n", "line 1: number of vertices: expected a whole number from 1 to 100000, got 'two'"),
        ("0 0\n", "line 1: number of vertices: expected a whole number from 1 to 100000, got '0'"),
        ("2 2\n1 2 1\n", "line 1: expected 2 edges as stated here, got 1"),
        ("2 1\n1 2 1\n2 1 1\n", "line 1: expected 1 edges as stated here, got 2"),
        ("2 1\n1 3 1\n", "line 2: expected a vertex from 1 to 2, got 3"),
        ("2 1\n0 1 1\n", "line 2: expected a vertex from 1 to 2, got 0"),
        ("2 1\n1\n", "line 2: expected `i j weight`, got '1'"),
        ("2 1\n1 b 1\n", "line 2: vertex: expected a whole number, got 'b'"),
        ("2 1\n1 2 heavy\n", "line 2: weight: expected a number, got 'heavy'"),
        ("2 1\n1 2 nan\n", "line 2: weight: expected a finite number, got 'nan'"),
        ("2 1\n1 2 1e300\n", "line 2: weight: 1e300 overflows"),
        ("2 1\n1 1 1\n", "expected at least one edge to cut, got none"),
        ("3 2\n1 2 900000000000000\n1 3 -900000000000000\n", "weights overflow: their absolute sum is 18"),
    ],
)
def test_a_malformed_graph_is_one_clear_line(rudy: ReadText, text: str | bytes, message: str) -> None:
    with pytest.raises(BadInput) as error:
        rudy(text)
    assert message in str(error.value)
    assert "g.rud" in str(error.value)
    assert "\n" not in str(error.value)


def test_comment_lines_of_other_writers_are_skipped(rudy: ReadText) -> None:
    """The graph is MQLib's sample; its description of the format has `#`."""
    lines = [
        "# three vertices",
        "% of MATLAB",
        "// of C",
        "c of DIMACS",
        "",
        "3 2",
        "  # in",
        "1 2 3",
        "2 3 -2",
    ]
    text = "\ufeff" + "\r\n".join(lines)
    assert rudy(text).model == MaxCut(vertices=3, edges=((0, 1, 3), (1, 2, -2)))
    with pytest.raises(BadInput, match="got comments alone"):
        rudy("# nothing\n% at all\n")


def test_an_edge_in_both_directions_counts_once_where_all_of_them_do(rudy: ReadText) -> None:
    read = rudy("3 4\n1 2 3\n2 1 3\n3 2 -2\n2 3 -2\n")
    assert read.model == MaxCut(vertices=3, edges=((0, 1, 3), (1, 2, -2)))
    assert read.remarks[0].startswith("every pair stands in both directions, and is taken once")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3 3\n1 2 3\n2 1 3\n2 3 1\n", "line 4: 2 and 3 stand in one direction only"),
        ("2 2\n1 2 3\n2 1 4\n", "line 2: 1 and 2 stand in both directions with two values"),
        ("2 3\n1 2 3\n2 1 3\n1 2 3\n", "line 4: 1 and 2 stand in both directions with two values, or more"),
    ],
)
def test_what_may_be_a_whole_matrix_or_a_half_is_refused(rudy: ReadText, text: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        rudy(text)
    assert message in str(error.value)


def test_edges_of_the_problem_file_follow_the_same_rule(tmp_path: Path) -> None:
    both = MaxCutSpec(vertices=2, edges=((1, 2, 3), (2, 1, 3)))
    assert read_cut(both, tmp_path).model == MaxCut(vertices=2, edges=((0, 1, 3),))
    with pytest.raises(BadInput, match=r"instance\.edges\.0: 1 and 2 stand in both directions with two"):
        read_cut(MaxCutSpec(vertices=2, edges=((1, 2, 3), (2, 1, 4))), tmp_path)


def test_dimacs_may_state_edges_or_the_lines_of_both_directions(dimacs: ReadText) -> None:
    """As DIMACS's queen5_5 (320 lines, `p edge 25 320`) and files that state half of that."""
    for stated in (2, 4):
        read = dimacs(f"# made by hand\np edge 3 {stated}\ne 1 2\ne 2 1\ne 2 3\ne 3 2\n")
        assert read.model == IndependentSet(vertices=3, edges=((0, 1), (1, 2)))


def test_a_missing_file_says_where_paths_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_cut(MaxCutSpec(file="none.rud"), tmp_path)


@pytest.mark.parametrize("word", ["edge", "col"])
def test_dimacs_is_read(dimacs: ReadText, word: str) -> None:
    read = dimacs(f"c a comment\nc\nc---\np {word} 4 3\nc another\ne 1 2\ne 4 2\ne 1 3\n")
    assert read.model == IndependentSet(vertices=4, edges=((0, 1), (0, 2), (1, 3)))


def test_repeated_edges_of_a_set_count_once(dimacs: ReadText) -> None:
    read = dimacs("p edge 3 4\ne 1 2\ne 2 1\ne 3 3\ne 2 3\n")
    assert read.model == IndependentSet(vertices=3, edges=((0, 1), (1, 2)))
    assert [remark.split(",")[0] for remark in read.remarks] == [
        "1 loop (edges from a vertex to itself) dropped",
        "1 repeated edge: counted once",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c nothing\n", "expected an instance, got comments alone"),
        ("c x\ne 1 2\np edge 2 1\n", "line 2: expected `p edge vertices edges` before any edge"),
        ("p cnf 2 1\ne 1 2\n", "line 1: expected `p edge vertices edges`, got 'p cnf 2 1'"),
        ("p edge 2 1\ne 1 2 5\n", "line 2: expected `e i j`, got 'e 1 2 5'"),
        ("p edge 2 1\nn 1 2\n", "line 2: expected `e i j`, got 'n 1 2'"),
        ("p edge 2 2\ne 1 2\n", "line 1: expected 2 edges as stated here, got 1"),
        ("p edge 2 1\ne 1 9\n", "line 2: expected a vertex from 1 to 2, got 9"),
        ("p edge 5 0\n", "expected at least one edge, got none"),
    ],
)
def test_a_malformed_dimacs_file_is_one_clear_line(dimacs: ReadText, text: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        dimacs(text)
    assert message in str(error.value)


def test_the_g_set_is_read_in_full() -> None:
    """Sizes as in the files' headers, weights as the G-set's documentation has them."""
    for name, vertices, edges, weights in (
        ("g1", 800, 19176, {1}),
        ("g11", 800, 1600, {-1, 1}),
        ("g14", 800, 4694, {1}),
        ("g32", 2000, 4000, {-1, 1}),
    ):
        path = shared_data(f"max_cut/{name}.rud")
        model = read_cut(MaxCutSpec(file=path.name), path.parent).model
        assert isinstance(model, MaxCut)
        assert (model.vertices, len(model.edges)) == (vertices, edges)
        assert {w for _, _, w in model.edges} == weights


def test_every_independent_set_of_the_library_is_read() -> None:
    folder = shared_data("independent_set")
    files = sorted(folder.glob("*.gph"))
    assert len(files) == 11
    for path in files:
        assert read_independent_set(IndependentSetSpec(file=path.name), folder).remarks == ()
