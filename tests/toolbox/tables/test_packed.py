"""Archives that would unpack without end are refused by what they say of themselves."""

import zipfile
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from toolbox.tables.packed import FREE_BYTES, refuse_bomb


def part(unpacked: int, packed: int) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo("a.npy")
    found.file_size, found.compress_size = unpacked, packed
    return found


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([part(2**30, 2**30), part(2**30, 2**30)], "at most 1536 MiB when unpacked"),
        ([part(2**30, 2**20)], "unpacks to 1,024 times its size"),  # zeros, as deflate packs them
        ([part(2**20, 2**10)] * 100, "1,024 times"),
    ],
)
def test_too_much_or_nearly_nothing_is_refused(parts: list[zipfile.ZipInfo], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        refuse_bomb(Path("p.npz"), parts, 1536 * 2**20)


def test_measurements_and_small_archives_are_not() -> None:
    refuse_bomb(Path("p.npz"), [part(2**30, 2**24)], 2**30)
    refuse_bomb(Path("p.npz"), [part(FREE_BYTES, 10)], 2**30)
