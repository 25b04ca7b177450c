"""What is found of families and backends, and what is refused rather than passed over."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from escalation.model.errors import BadInput
from escalation.ports.discovery import found_in
from escalation.ports.registry import BackendDescriptor, backends, families

Add = Callable[..., Path]
DESCRIPTOR = """\
from escalation.ports.registry import BackendDescriptor
DESCRIPTOR = BackendDescriptor(name={name!r}, backend="nowhere:Nothing", accepts=(), summary="A machine.")
"""


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Adds a folder to a package of machines that is made for this test."""
    package = tmp_path / "machines"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def folder(folder: str, name: str | None = None, text: str | None = None, *, init: bool = True) -> Path:
        made = package / folder
        made.mkdir()
        if init:
            (made / "__init__.py").touch()
        if name or text:
            (made / "descriptor.py").write_text(text or DESCRIPTOR.format(name=name))
        return made

    yield folder
    for module in [name for name in sys.modules if name.split(".")[0] == "machines"]:
        del sys.modules[module]


def machines() -> list[str]:
    return list(found_in("machines", BackendDescriptor, "machine").known)


def test_every_folder_that_declares_itself_is_found(add: Add) -> None:
    add("one", "one")
    add("folder_two", "two")
    assert machines() == ["two", "one"]


def test_folders_without_python_are_none(add: Add) -> None:
    add("one", "one")
    (add("notes", init=False) / "README.md").touch()
    (add("__pycache__", init=False) / "old.cpython-311.pyc").touch()
    (add(".ipynb_checkpoints", init=False) / "copy.py").touch()
    assert machines() == ["one"]


def test_two_of_one_name_are_refused_and_both_are_named(add: Add) -> None:
    add("one", "same")
    add("two", "same")
    with pytest.raises(BadInput, match=r"machines/one and machines/two both call themselves 'same'"):
        machines()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"name": "one", "init": False}, r"machines/one: expected __init__\.py in it, found none"),
        ({}, r"machines/one: expected descriptor\.py in it, found none"),
        ({"text": "DESCRIPTOR = 7"}, r"expected DESCRIPTOR to be a BackendDescriptor, got int"),
        ({"text": "import not_in_here"}, r"machines/one/descriptor\.py: ModuleNotFoundError: .*not_in"),
        ({"text": "DESCRIPTION = 1"}, r"machines/one/descriptor\.py: AttributeError: .*DESCRIPTOR"),
        ({"text": "def ("}, r"machines/one/descriptor\.py: SyntaxError"),
        ({"name": "one:two"}, r"expected a name of small letters, digits and _, got 'one:two'"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_take_part_is_refused_with_its_name(
    add: Add, given: dict[str, object], complaint: str
) -> None:
    add("one", **given)
    with pytest.raises(BadInput, match=complaint):
        machines()


def test_what_ships_is_found() -> None:
    assert set(families()) >= {"prediction", "optimisation", "toy"}
    assert set(backends()) >= {"aer", "ibm_runtime", "local", "mpi", "statevector_mpi"}
