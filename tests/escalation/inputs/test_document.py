"""What YAML can hold beyond plain data is a complaint in one line, and so is what has no bound."""

import resource
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.opening import parse_problem, read_problem
from escalation.inputs.document import MOST_BYTES, MOST_VALUES, Document
from escalation.model.errors import BadInput, PolicyError


def refusal(text: str) -> str:
    """The one line that a text is refused with, of a bounded length."""
    with pytest.raises(BadInput) as error:
        Document("p.yaml", text)
    said = str(error.value)
    assert "\n" not in said
    assert said.isprintable()
    assert len(said) < 400
    return said


@pytest.mark.parametrize(
    "value",
    [
        "!foo 3",
        "!!int foo",
        "!!bool maybe",
        "!!timestamp soon",
        "!!binary aGFsbG8=",
        "!!python/object:os.system {}",
        ".inf",
        "-.INF",
        ".nan",
        "1e999",
        "9" * 5000,
        "0x" + "f" * 5000,
        "&a [*a]",
        "&a {b: *a}",
        "{<<: {a: 1}}",
        "{? [1, 2] : 3}",
        "{a: 1, a: 2}",
        "{a: 1, 'a': 2}",
        '{"\\e[31mred": 1, "\\e[31mred": 2}',
    ],
)
def test_values_that_yaml_cannot_turn_into_plain_data_are_named_with_their_line(value: str) -> None:
    assert refusal(f"first: 1\nsecond: {value}\n").startswith("p.yaml:2: second")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("8:30", "8:30"),
        ("190:20:30", "190:20:30"),
        ("007", "007"),
        ("010", "010"),
        ("0o10", "0o10"),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("0x1F", 31),
        ("-12", -12),
        ("1e3", 1000.0),
        ("1.5E-1", 0.15),
        ("-.5", -0.5),
        ("1,5", "1,5"),
        ("!!str 12", "12"),
        ("2026-13-45", "2026-13-45"),
        ("12345678901234567890", 12345678901234567890),
    ],
)
def test_plain_values_mean_what_yaml_1_2_says_and_leading_zeros_stay(written: str, meant: Any) -> None:
    """The core schema, YAML 1.2.2, section 10.3.2; an id such as 007 is no number."""
    found = Document("p.yaml", f"a: {written}\n").data["a"]
    assert (found, type(found)) == (meant, type(meant))


def test_keys_stay_as_they_are_written() -> None:
    assert Document("p.yaml", "1e3: a\ntrue: b\n007: c\nno: d\n").data == {
        "1e3": "a",
        "true": "b",
        "007": "c",
        "no": "d",
    }


def test_an_alias_may_repeat_a_value_beside_it() -> None:
    assert Document("p.yaml", "a: &x [1, 2]\nb: *x\nc: [*x]\n").data == {
        "a": [1, 2],
        "b": [1, 2],
        "c": [[1, 2]],
    }


@pytest.mark.parametrize("written", ["2026-11-23", "2026-11-23T08:00:00", "2026-11-23 08:00:00"])
def test_dates_stay_as_they_are_written(written: str) -> None:
    assert Document("p.yaml", f"opens: {written}\n").data == {"opens": written}


def laughs(levels: int) -> str:
    """Each level holds ten of the one before: 10**levels values in a few hundred bytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (laughs(12), "values"),
        ("a: [" + "1," * (MOST_VALUES + 1) + "]", "values"),
        ("a: " + "[" * 3000 + "]" * 3000, "60 levels"),
        ("a: " + "{a: " * 3000 + "}" * 3000, "60 levels"),
        ("\n".join(" " * k + "a:" for k in range(400)), "60 levels"),
        ("a: [" + "1, " * 1_000_000 + "]", "1 MiB"),
        ("a: " + "x" * 10 * 2**20, "1 MiB"),
        ("a: &a " + "x" * 2**19 + "\nb: [" + "*a, " * 10_000 + "]", "4 MiB of values"),
        ("a: &a {" + "x" * 1000 + ": 1}\nb: [" + "*a, " * 10_000 + "]", "4 MiB of values"),
    ],
    ids=["laughs", "values", "lists", "mappings", "blocks", "million", "text", "long aliases", "long keys"],
)
def test_what_has_no_bound_is_refused_before_it_is_held(text: str, expected: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert expected in refusal(text)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 400 * 1024


def test_a_document_of_the_largest_size_is_read() -> None:
    assert len(Document("p.yaml", "[" + "1, " * (MOST_VALUES - 1) + "]").data) == MOST_VALUES - 1
    assert len(Document("p.yaml", "x" * MOST_BYTES).data) == MOST_BYTES


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"family: toy\n\xff\n", "line 2: expected UTF-8 text, got byte 0xff"),
        (b"family: toy\ninstance: \x00\n", "line 2: expected UTF-8 text, got byte 0x00"),
        ("family: toy\n".encode("utf-16"), "line 1: expected UTF-8 text, got byte 0xff"),
        (b"family: \x1b[31m\n", "expected YAML, got"),
        (b"a: 1\n--- \nb: 2\n", "expected YAML, got"),
        (b"- 1\n", "expected a mapping of fields, got list"),
    ],
)
def test_a_file_that_is_no_text_or_no_document_is_one_line(
    data: bytes, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=expected) as error:
        read_problem(path)
    assert "\n" not in str(error.value)


def test_what_is_wrong_with_a_value_is_said_in_a_bounded_line() -> None:
    for given in (10**5000, "\x1b[31m" + "x" * 10_000, -(10**390)):
        with pytest.raises(BadInput) as error:
            parse_problem(
                {"family": "toy", "instance": {}, "target": {"metric": "n", "at_least": 1}, "seed": given}
            )
        assert len(str(error.value)) < 400
        assert str(error.value).isprintable()


def test_no_refusal_repeats_all_of_a_long_input() -> None:
    said = str(BadInput("first" + "x" * 100_000 + "last"))
    assert len(said) <= 4000
    assert said.startswith("first")
    assert said.endswith("last")
    assert str(PolicyError("x" * 4000)) == "x" * 4000
