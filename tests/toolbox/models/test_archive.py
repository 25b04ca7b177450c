"""Named bytes in one zip: the same bytes for the same members; nothing unpacks to more than it is."""

import io
import zipfile

import pytest

from toolbox.models.archive import pack, pack_json, unpack, unpack_json


def test_members_come_back_and_other_programs_read_them() -> None:
    data = pack({"b.txt": b"two", "a.txt": b"one"})
    assert unpack(data, ["a.txt", "b.txt"]) == {"a.txt": b"one", "b.txt": b"two"}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["a.txt", "b.txt"]
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_bytes_depend_on_the_members_alone() -> None:
    assert pack({"a": b"1", "b": b"2"}) == pack({"b": b"2", "a": b"1"})


@pytest.mark.parametrize(
    ("data", "expected", "message"),
    [
        (b"no zip", ["a"], "expected a model archive, got 6 bytes that are none"),
        (pack({"a": b"1"}), ["a", "b"], r"expected a model archive of \['a', 'b'\], got \['a'\]"),
        (pack({"a": b"1", "x": b"2"}), ["a"], "expected a model archive of"),
    ],
)
def test_other_bytes_are_refused(data: bytes, expected: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unpack(data, expected)


def test_a_member_that_unpacks_to_a_thousand_times_its_size_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(10**6))
    assert len(buffer.getvalue()) < 2000
    with pytest.raises(ValueError, match="without compression"):
        unpack(buffer.getvalue(), ["a"])


def test_floats_survive_json_exactly() -> None:
    assert unpack_json(pack_json({"x": 0.1 + 0.2})) == {"x": 0.30000000000000004}
