"""The bytes of a .npy file by hand, from the format's own description (NumPy enhancement proposal 1)."""

import io
import struct

import numpy as np
import pytest

from toolbox.arrays import npy


def file(header: str, payload: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode() + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + payload


def about(shape: str, kind: str = "'<i2'", order: str = "False") -> str:
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}"


UNREADABLE = "its header cannot be read$"
THREE = struct.pack("<3h", 7, -1, 300)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_bytes_by_hand_are_read_as_the_format_says(version: tuple[int, int]) -> None:
    found = npy.load(file(about("(3,)"), THREE, version))
    assert found.dtype == np.int16
    assert found.tolist() == [7, -1, 300]


def test_an_array_comes_back_as_it_was_and_is_read_by_numpy_alone() -> None:
    array = np.arange(6, dtype=np.float64).reshape(2, 3)
    np.testing.assert_array_equal(npy.load(npy.dump(array)), array)
    np.testing.assert_array_equal(np.load(io.BytesIO(npy.dump(array))), array)


def test_equal_arrays_have_equal_bytes_whatever_their_order_in_memory() -> None:
    array = np.arange(6).reshape(2, 3)
    assert npy.dump(np.asfortranarray(array)) == npy.dump(array)
    assert npy.dump(array[::-1][::-1]) == npy.dump(array)


def test_a_single_number_keeps_that_it_has_no_dimension() -> None:
    assert npy.load(npy.dump(np.float64(2.5))).shape == ()


def test_pickled_objects_are_neither_written_nor_read() -> None:
    objects = np.array([{}], dtype=object)
    buffer = io.BytesIO()
    np.save(buffer, objects, allow_pickle=True)
    with pytest.raises(ValueError, match=r"scores: expected a .npy file, got .* it holds pickled objects"):
        npy.load(buffer.getvalue(), what="scores")
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        npy.dump(objects)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", UNREADABLE),
        (b"PK\x03\x04" + bytes(20), UNREADABLE),
        (file("{'shape': (3,)}", THREE), UNREADABLE),
        (file(about("(3,)", "'<q99'"), THREE), UNREADABLE),
        (file(about("(3,)"), THREE[:-1]), "its header says 6 bytes, 5 follow it"),
        (file(about("(3,)"), THREE + b"x"), "its header says 6 bytes, 7 follow it"),
        (file(about("(-3,)"), b""), "its header says -6 bytes, 0 follow it"),
        (file(about("(-1, -3)"), THREE), "its header says 6 bytes, 6 follow it"),
        (file(about("(3,)", order="2"), THREE), UNREADABLE),
        (file("__import__('os').abort()", THREE), UNREADABLE),
    ],
)
def test_what_is_no_such_file_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"array: expected a .npy file, got {len(data)} bytes .*{reason}"):
        npy.load(data)


def test_a_header_that_promises_a_terabyte_costs_no_memory() -> None:
    with pytest.raises(ValueError, match="its header says 2199023255552 bytes, 6 follow it"):
        npy.load(file(about(f"({2**40},)"), THREE))


def test_type_and_shape_are_what_was_asked_for() -> None:
    data = npy.dump(np.zeros((2, 3), dtype=np.uint8))
    assert npy.load(data, np.uint8, (None, 3)).shape == (2, 3)
    with pytest.raises(
        ValueError, match=r"^bits: expected uint8 of shape \(any, 4\), got uint8 of shape \(2, 3\)$"
    ):
        npy.load(data, np.uint8, (None, 4), "bits")
    with pytest.raises(ValueError, match=r"of shape \(6,\), got uint8 of shape \(2, 3\)"):
        npy.load(data, shape=(6,))
    with pytest.raises(ValueError, match="expected float64, got uint8"):
        npy.load(data, np.float64)
