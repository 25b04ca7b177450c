"""QUBO from OR-Library's files, dimod's files and problem files; energies are compared with dimod's own."""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path
from shutil import copyfileobj
from typing import Any

import dimod
import numpy as np
import pytest
from dimod.serialization import coo

from escalation.model.errors import BadInput
from problems.optimisation.model.models import Qubo, Sense
from problems.optimisation.model.points import spin_cost
from problems.optimisation.readers.binary_models import read_binary_model
from problems.optimisation.readers.quadratic import read_inline, read_or_library
from problems.optimisation.readers.read import Read
from problems.optimisation.spec.spec import QuboSpec
from tests.problems.optimisation.shared_data import shared_data

TWO = "2\n3 2\n1 1 5\n1 3 -2\n2 3\n1 1 1\n1 2 4\n2 2 -6\n"
OrLibrary = Callable[..., Read]


@pytest.fixture
def or_library(tmp_path: Path) -> OrLibrary:
    def read(text: str, **fields: object) -> Read:
        path = tmp_path / "bqp.txt"
        path.write_text(text)
        return read_or_library(QuboSpec.model_validate({"file": path.name, **fields}), path)

    return read


def test_an_entry_off_the_diagonal_counts_twice(or_library: OrLibrary) -> None:
    """x^T Q x of the file's symmetric matrix, by numpy."""
    read = or_library(TWO, number=2)
    matrix = np.array([[1, 4], [4, -6]])
    assert isinstance(read.model, Qubo)
    assert read.model.sense is Sense.MAXIMISE
    assert read.source["number"] == 2
    for bits in product((0, 1), repeat=2):
        x = np.array(bits, dtype=np.int32)
        assert -spin_cost(read.model, x) == x @ matrix @ x


def test_the_first_is_read_unless_another_is_asked_for(or_library: OrLibrary) -> None:
    assert or_library(TWO).model == Qubo(linear=(5, 0, 0), quadratic=((0, 2, -4),))
    assert or_library("1 1\n1 1 3\n").model == Qubo(linear=(3,), quadratic=())


def test_both_halves_of_a_symmetric_matrix_are_the_matrix(or_library: OrLibrary) -> None:
    """x^T Q x by numpy; an entry that stands once is in both halves by the format's definition."""
    matrix = np.array([[1, 5, 0], [5, -3, 2], [0, 2, 0]])
    entries = [(i, j, matrix[i, j]) for i in range(3) for j in range(3) if matrix[i, j]]
    half = [each for each in entries if each[0] <= each[1]]
    models = []
    for given in (entries, half):
        rows = "".join(f"{i + 1} {j + 1} {q}\n" for i, j, q in given)
        read = or_library(f"# of MQLib\n3 {len(given)}\n{rows}")
        models.append(read.model)
        assert isinstance(read.model, Qubo)
        for bits in product((0, 1), repeat=3):
            x = np.array(bits, dtype=np.int32)
            assert -spin_cost(read.model, x) == x @ matrix @ x
        assert [each.startswith("every pair stands in both directions") for each in read.remarks] == (
            [True] if given is entries else []
        )
    assert models[0] == models[1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1 2 1\n2 1 3\n", "line 3: 1 and 2 stand in both directions with two values"),
        ("1 2 1\n2 1 1\n1 3 2\n", "line 5: 1 and 3 stand in one direction only"),
        ("1 2 1\n1 2 1\n", "line 4: the entry 1 2 stands twice, also at"),
        ("1 1 1\n1 1 1\n", "line 4: the entry 1 1 stands twice, also at"),
        ("1 2 1\n2 1 1\n1 2 1\n2 1 1\n", "line 5: the entry 1 2 stands twice, also at"),
    ],
)
def test_a_matrix_that_can_be_read_in_two_ways_is_refused(
    or_library: OrLibrary, rows: str, message: str
) -> None:
    with pytest.raises(BadInput) as error:
        or_library(f"1\n3 {rows.count(chr(10))}\n{rows}")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_both_directions_in_a_coo_file_are_summed_as_dimod_does(tmp_path: Path) -> None:
    path = tmp_path / "m.coo"
    path.write_text("# vartype=BINARY\n0 1 5\n1 0 5\n0 0 -1\n")
    with path.open() as file:
        model = coo.load(file, vartype="BINARY")
    read = read_binary_model(QuboSpec(file=path.name), path)
    same_energies(read, model)
    assert model.energy({0: 1, 1: 1}) == 9
    assert read.remarks[0].startswith("1 repeated pair: coefficients summed")


def test_comments_of_a_coo_file_are_skipped_but_for_the_kind_of_variables(tmp_path: Path) -> None:
    """dimod's own reader takes `vartype:` too."""
    path = tmp_path / "m.coo"
    lines = ["\ufeff# of mine, vartype: BINARY", "# another", "% more", "c more", "// more", "", "0 1 5"]
    path.write_text("\r\n".join(lines))
    assert read_binary_model(QuboSpec(file=path.name), path).model == Qubo(
        sense=Sense.MINIMISE, linear=(0, 0), quadratic=((0, 1, 5),), labels=("0", "1")
    )


def test_the_offset_of_the_problem_file_is_added_where_the_file_can_hold_none(
    or_library: OrLibrary, tmp_path: Path
) -> None:
    """Spins that all repel on K4: the least energy is -2 (two up, two down), so 40 with an offset of 42."""
    path = tmp_path / "k4.coo"
    path.write_text("# vartype=SPIN\n0 1 1\n0 2 1\n0 3 1\n1 2 1\n1 3 1\n2 3 1\n")
    model = read_binary_model(QuboSpec(file=path.name, offset=42), path).model
    assert isinstance(model, Qubo)
    costs = [spin_cost(model, np.array(bits, dtype=np.int32)) for bits in product((0, 1), repeat=4)]
    assert (min(costs), max(costs)) == (40, 48)
    read = or_library("1 1\n1 1 3\n", offset=0.5, decimals=1)
    assert read.model == Qubo(linear=(30,), quadratic=(), offset=5, scale=10)


@pytest.mark.parametrize(
    ("text", "fields", "message"),
    [
        (TWO, {"number": 3}, "instance.number: "),
        ("1\n2\n", {}, "line 2: expected `variables entries` of instance 1, got '2'"),
        ("2\n1 1\n1 1 1\n", {}, "line 3: expected instance 2 behind this line, got the file's end"),
        ("1\n2 3\n1 1 1\n", {}, "line 2: instance 1: expected 3 entries, got 1"),
        ("1\n2 1\n1 1 1\n2 2 1\n", {}, "line 4: expected nothing behind the last of 1 instances"),
        ("1\n2 1\n1 1\n", {}, "line 3: expected `i j q`, got '1 1'"),
        ("1\n2 1\n1 3 1\n", {}, "line 3: expected a variable from 1 to 2, got 3"),
        ("1\n2 1\n1 2 x\n", {}, "line 3: coefficient: expected a number, got 'x'"),
        (
            "1\n2 1\n1 2 1.5\n",
            {},
            "line 3: coefficient: expected at most 0 decimals, got 1.5: write decimals: 1",
        ),
        ("1\n2 1\n1 2 0\n", {}, "expected a coefficient other than 0, got none"),
        ("1\n2 1\n1 2 999999999999999\n", {}, "weights overflow"),
        ("", {}, "got an empty file"),
    ],
)
def test_a_malformed_file_is_one_clear_line(
    or_library: OrLibrary, text: str, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput) as error:
        or_library(text, **fields)
    assert message in str(error.value)


def test_the_problem_file_can_hold_the_coefficients() -> None:
    spec = QuboSpec.model_validate(
        {
            "linear": [1, -0.5],
            "quadratic": [[2, 1, 0.25], [1, 1, 2]],
            "offset": 3,
            "decimals": 2,
            "sense": "minimise",
        }
    )
    assert read_inline(spec).model == Qubo(
        sense=Sense.MINIMISE, linear=(300, -50), quadratic=((0, 1, 25),), offset=300, scale=100
    )


def binary_model(path: Path, model: dimod.BinaryQuadraticModel) -> Path:
    if path.suffix == ".bqm":
        with path.open("wb") as file, model.to_file() as written:
            copyfileobj(written, file)
    elif path.suffix == ".json":
        path.write_text(json.dumps(model.to_serializable()))
    else:
        with path.open("w") as file:
            coo.dump(model, file, vartype_header=True)
    return path


def same_energies(read: Read, model: dimod.BinaryQuadraticModel) -> None:
    assert isinstance(read.model, Qubo)
    names = read.model.labels or tuple(str(k + 1) for k in range(read.model.size))
    low, high = (-1, 1) if model.vartype.name == "SPIN" else (0, 1)
    by_name = {str(variable): variable for variable in model.variables}
    for bits in product((0, 1), repeat=len(names)):
        sample = {by_name[name]: high if bit else low for name, bit in zip(names, bits, strict=True)}
        energy = spin_cost(read.model, np.array(bits, dtype=np.int32)) / read.model.scale
        assert energy == pytest.approx(model.energy(sample), abs=1e-12)


@pytest.mark.parametrize("suffix", [".bqm", ".json", ".coo"])
@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_every_energy_is_what_dimod_says(suffix: str, vartype: str, tmp_path: Path) -> None:
    names: list[Any] = [3, 0, 7] if suffix == ".coo" else ["b", "a", 7]
    linear = dict(zip(names, (0.5, -1.25, 2), strict=True))
    offset = 0.0 if suffix == ".coo" else 0.75
    quadratic = {(names[0], names[1]): -3.5, (names[1], names[2]): 1.0}
    model = dimod.BinaryQuadraticModel(linear, quadratic, offset, vartype)
    path = binary_model(tmp_path / f"m{suffix}", model)
    read = read_binary_model(QuboSpec(file=path.name, decimals=2), path)
    assert isinstance(read.model, Qubo)
    assert read.model.sense is Sense.MINIMISE
    assert set(read.model.labels) == {str(name) for name in names}
    same_energies(read, model)


def test_single_precision_biases_mean_the_decimals_they_were_written_with(tmp_path: Path) -> None:
    model = dimod.BinaryQuadraticModel({"a": 0.1}, {}, 0.0, "BINARY", dtype=np.float32)
    path = binary_model(tmp_path / "m.bqm", model)
    read = read_binary_model(QuboSpec(file=path.name, decimals=1), path)
    assert isinstance(read.model, Qubo)
    assert read.model.linear == (1,)


def test_more_decimals_than_stated_say_what_to_write(tmp_path: Path) -> None:
    path = binary_model(tmp_path / "m.json", dimod.BinaryQuadraticModel({"a": 0.125}, {}, 0.0, "BINARY"))
    with pytest.raises(
        BadInput, match=r"bias of a: expected at most 0 decimals, got 0.125: write decimals: 3"
    ):
        read_binary_model(QuboSpec(file=path.name), path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("m.bqm", b"no model", "expected a binary quadratic model of dimod's"),
        ("m.json", b'{"type": "SampleSet"}', "expected a binary quadratic model of dimod's"),
        ("m.json", b"{", "expected a binary quadratic model of dimod's"),
        ("m.json", b"\xff", "expected a binary quadratic model of dimod's"),
        ("m.coo", b"0 0 1\n", "expected one line `# vartype=SPIN` or `# vartype=BINARY`"),
        ("m.coo", b"# vartype=SPIN\n0 0\n", "line 2: expected `i j bias`, got '0 0'"),
        (
            "m.coo",
            b"# vartype=SPIN\n0 a 1\n",
            "line 2: variable: expected a whole number of at least 0, got 'a'",
        ),
        ("m.coo", b"# vartype=SPIN\n", "expected biases, got none"),
        ("m.bqm", b"", "got an empty file"),
    ],
)
def test_a_file_that_is_no_model_is_one_clear_line(
    name: str, data: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BadInput) as error:
        read_binary_model(QuboSpec(file=name), path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quadratic_head": [-5]}, "expected the number of a variable from 0 to 1, got -5"),
        ({"quadratic_tail": [2**31 - 1]}, "expected the number of a variable from 0 to 1, got 2147483647"),
        ({"quadratic_head": [0.5]}, "expected the number of a variable from 0 to 1, got 0.5"),
        ({"quadratic_head": [[0]]}, "expected the number of a variable from 0 to 1, got [0]"),
        ({"quadratic_head": [0, 0]}, "quadratic biases with more or fewer ends than there are biases"),
        ({"linear_biases": [1]}, "1 linear biases, 2 variables"),
        ({"num_interactions": 2}, "num_interactions 2, and 1 in its lists"),
        ({"num_variables": 3}, "num_variables 3, and 2 in its lists"),
        ({"use_bytes": True}, "expected lists of numbers, got bytes"),
        ({"linear_biases": "1"}, "1 linear biases, 2 variables"),
        ({"variable_labels": ["a", "a"]}, "expected a binary quadratic model of dimod's"),
        ({"variable_type": "REAL"}, "expected a binary quadratic model of dimod's"),
    ],
)
def test_lists_that_do_not_fit_together_never_reach_dimod(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """It follows an index of -5 out of its memory: the process died of a segmentation fault."""
    model = dimod.BinaryQuadraticModel({"a": 1, "b": 2}, {("a", "b"): 3}, 0, "BINARY")
    path = tmp_path / "m.json"
    path.write_text(json.dumps(model.to_serializable() | change))
    with pytest.raises(BadInput) as error:
        read_binary_model(QuboSpec(file=path.name), path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("offset", "remarked"), [(30, False), (-31, True), (1e6, True)])
def test_an_offset_that_makes_every_gap_small_is_told(offset: float, remarked: bool) -> None:
    spec = QuboSpec(linear=(1, -2), sense=Sense.MINIMISE, offset=offset)
    assert any("ask for absolute_gap" in said for said in read_inline(spec).remarks) == remarked


def test_a_name_that_stands_twice_in_json_is_refused(tmp_path: Path) -> None:
    model = dimod.BinaryQuadraticModel({"a": 1, "b": 2}, {("a", "b"): 3}, 4, "BINARY")
    path = tmp_path / "m.json"
    path.write_text(json.dumps(model.to_serializable())[:-1] + ', "offset": 7}')
    with pytest.raises(BadInput, match="offset stands twice"):
        read_binary_model(QuboSpec(file=path.name), path)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_a_file_of_dimods_is_taken_whole_and_no_part_of_it_alone(
    dtype: type, vartype: str, tmp_path: Path
) -> None:
    """A changed byte, or a missing end, gives a model or one line; dimod alone died of some."""
    rng = np.random.default_rng(5)
    names = [f"v{k}" for k in range(6)]
    linear = {name: float(rng.integers(-9, 10)) for name in names}
    pairs = [(u, v) for u in names for v in names if u < v]
    model = dimod.BinaryQuadraticModel(
        linear, {pair: float(rng.integers(1, 9)) for pair in pairs[::2]}, 3, vartype, dtype=dtype
    )
    path = binary_model(tmp_path / "m.bqm", model)
    data = path.read_bytes()
    same_energies(read_binary_model(QuboSpec(file=path.name), path), model)
    for _ in range(150):
        place, byte = int(rng.integers(8, len(data))), int(rng.integers(256))
        path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
        with suppress(BadInput):
            read_binary_model(QuboSpec(file=path.name, decimals=12), path)
        path.write_bytes(data[:place])
        with suppress(BadInput):
            read_binary_model(QuboSpec(file=path.name), path)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (-1, -5, "a product with a variable that is not there"),
        (-1, 2**31 - 1, "a product with a variable that is not there"),
        (-1, 0, "a product with a variable that is not there"),
        (1, -1, "neighbourhoods that do not follow each other"),
        (0, 1, "neighbourhoods that do not follow each other"),
    ],
)
def test_indices_of_a_binary_file_that_point_elsewhere_are_refused(
    place: int, value: int, message: str, tmp_path: Path
) -> None:
    """Two variables, one product: a record each of int32 and float64, then two records of the same size."""
    model = dimod.BinaryQuadraticModel({0: 1, 1: 2}, {(0, 1): 3}, 0, "BINARY")
    path = binary_model(tmp_path / "m.bqm", model)
    data = bytearray(path.read_bytes())
    begin = 14 + int.from_bytes(data[10:14], "little") + 8
    at = begin + 12 * (place if place >= 0 else 2)
    # the first record of the product is that of variable 0, which names 1
    data[at : at + 4] = value.to_bytes(4, "little", signed=True)
    path.write_bytes(data)
    with pytest.raises(BadInput, match=message):
        read_binary_model(QuboSpec(file=path.name), path)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"type": ' * 3000, b'{"type": "BinaryQuadraticModel"}'])
def test_json_of_any_depth_is_one_clear_line(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="expected a binary quadratic model of dimod's"):
        read_binary_model(QuboSpec(file=path.name), path)


def test_a_known_optimum_of_the_library_is_reached_and_not_passed() -> None:
    """Optima of bqp50 from Beasley's OR-Library; tabu search finds them at once on 50 variables."""
    from dwave.samplers import TabuSampler

    path = shared_data("qubo/bqp50.txt")
    for number, optimum in ((1, 2098), (2, 3702), (10, 3507)):
        model = read_or_library(QuboSpec(file=path.name, number=number), path).model
        assert isinstance(model, Qubo)
        quadratic = {(i, j): -q for i, j, q in model.quadratic}
        energies = dimod.BinaryQuadraticModel(
            {k: -value for k, value in enumerate(model.linear)}, quadratic, 0, "BINARY"
        )
        found = (
            TabuSampler()
            .sample(energies, num_reads=1, seed=1, timeout=20_000, energy_threshold=-optimum)
            .first
        )
        assert -found.energy == optimum
