"""A store that a site names is its ledger's: no empty folder and no other ledger's store is written to."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from escalation.inputs.settings import Settings
from escalation.model.attempt import Candidate
from escalation.model.blob import Blob
from escalation.model.calibration import Calibration
from escalation.model.errors import BadInput
from records.backup import back_up, restore
from records.ledger.ledger import SqlLedger
from records.runtime import open_records, open_runtime
from records.store.files import OWNER, FileStore
from records.store.opening import open_store
from tasks.calibrations import keep
from tests.records.store.conftest import Open

Opened = Callable[[str, object], str]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Opens the records of a home with a store as a command does; returns the ledger's name."""

    def open_(home: str, store: object) -> str:
        with open_records(Settings(home=tmp_path / home, store_url=store and str(store))) as (ledger, _):
            return ledger.name()

    return open_


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder that is there, and empty: new, or the place of a file system that is not mounted."""
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


@pytest.fixture
def with_bytes(tmp_path: Path, make_info: Any, make_attempt: Any) -> Callable[[str, Path], None]:
    """Adds a case with bytes to the ledger of a home, past what a command checks."""

    def add(home: str, store: Path) -> None:
        (tmp_path / home).mkdir(mode=0o700, exist_ok=True)
        ledger = SqlLedger(f"sqlite:///{tmp_path / home / 'ledger.db'}", FileStore(store))
        ledger.open_case(make_info())
        ledger.add_attempt("c", make_attempt(0), Candidate({}, {"model": Blob(b"a model")}))
        ledger.close()

    return add


def test_a_first_use_marks_the_store_and_the_ledger_goes_on_with_it(opened: Opened, shared: Path) -> None:
    name = opened("home", shared)
    assert (shared / OWNER).read_text() == f"{name}\n"
    assert opened("home", shared) == name


@pytest.mark.parametrize("left", [None, b"what a refresh of calibrations wrote there"])
def test_a_folder_without_the_mounted_store_is_not_written_to(
    opened: Opened, with_bytes: Any, shared: Path, tmp_path: Path, left: bytes | None
) -> None:
    with_bytes("home", tmp_path / "elsewhere")
    if left is not None:
        FileStore(shared).put(left)
    before = sorted(shared.rglob("*"))
    with pytest.raises(BadInput, match=r"TIERWISE_STORE_URL: expected the store of this ledger.*: mount"):
        opened("home", shared)
    with (
        pytest.raises(BadInput, match="mount the file system"),
        open_runtime(Settings(home=tmp_path / "home", store_url=str(shared))),
    ):
        pass
    assert sorted(shared.rglob("*")) == before


def test_the_store_of_another_ledger_is_refused(opened: Opened, shared: Path) -> None:
    name = opened("first", shared)
    with pytest.raises(BadInput, match="which is another ledger's"):
        opened("second", shared)
    assert (shared / OWNER).read_text() == f"{name}\n"


def test_a_store_from_before_there_were_marks_gets_one(opened: Opened, with_bytes: Any, shared: Path) -> None:
    with_bytes("home", shared)
    assert (shared / OWNER).exists() is False
    name = opened("home", shared)
    assert (shared / OWNER).read_text() == f"{name}\n"


def test_the_home_has_a_store_of_its_own(opened: Opened, with_bytes: Any, tmp_path: Path) -> None:
    with_bytes("home", tmp_path / "home" / "store")
    shutil.rmtree(tmp_path / "home" / "store")  # what is missing there, doctor and audit say
    assert opened("home", None)


def test_what_was_restored_into_a_new_store_is_gone_on_with(
    opened: Opened, with_bytes: Any, shared: Path, tmp_path: Path
) -> None:
    with_bytes("home", tmp_path / "old")
    back_up(f"sqlite:///{tmp_path / 'home' / 'ledger.db'}", FileStore(tmp_path / "old"), tmp_path / "copy")
    (tmp_path / "anew").mkdir(mode=0o700)
    restore(tmp_path / "copy", None, f"sqlite:///{tmp_path / 'anew' / 'ledger.db'}", FileStore(shared))
    name = opened("anew", shared)
    assert (shared / OWNER).read_text() == f"{name}\n"
    assert opened("home", shared) == name  # a copy of a ledger keeps its name


def test_nothing_is_restored_into_the_store_of_another_ledger(
    opened: Opened, with_bytes: Any, shared: Path, tmp_path: Path
) -> None:
    with_bytes("home", tmp_path / "old")
    back_up(f"sqlite:///{tmp_path / 'home' / 'ledger.db'}", FileStore(tmp_path / "old"), tmp_path / "copy")
    owner = opened("other", shared)
    before = sorted(shared.rglob("*"))
    target = tmp_path / "anew" / "ledger.db"
    with pytest.raises(BadInput, match="which is another ledger's"):
        restore(tmp_path / "copy", None, f"sqlite:///{target}", FileStore(shared))
    assert sorted(shared.rglob("*")) == before
    with closing(SqlLedger(f"sqlite:///{target}", FileStore(tmp_path / "none"))) as ledger:
        assert (ledger.events(), ledger.restored_at()) == ([], None)
    assert FileStore(shared).owner() == owner


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, shared: Path) -> Any:
    return shared if request.param == "folder" else request.getfixturevalue("s3")


def test_the_store_of_the_empty_ledger_that_is_restored_into_becomes_that_of_what_was_put_back(
    opened: Opened, with_bytes: Any, place: Any, tmp_path: Path
) -> None:
    with_bytes("home", tmp_path / "old")
    back_up(f"sqlite:///{tmp_path / 'home' / 'ledger.db'}", FileStore(tmp_path / "old"), tmp_path / "copy")
    store = open_store(Settings(home=tmp_path / "anew", store_url=str(place)))
    before = opened("anew", place)  # as `tierwise doctor` does on a new site
    restore(tmp_path / "copy", None, f"sqlite:///{tmp_path / 'anew' / 'ledger.db'}", store)
    assert opened("anew", place) == opened("home", place) != before


def test_a_refresh_of_calibrations_writes_to_no_other_ledgers_store(
    opened: Opened, shared: Path, tmp_path: Path
) -> None:
    opened("first", shared)
    before = sorted(shared.rglob("*"))
    found = Calibration(device="d", calibrated_at=datetime(2026, 1, 1, tzinfo=UTC), num_qubits=1)
    with pytest.raises(BadInput, match="which is another ledger's"):
        keep(Settings(home=tmp_path / "second", store_url=str(shared)), "ibm_runtime:d", found)
    assert sorted(shared.rglob("*")) == before


def test_a_back_up_has_the_calibrations_that_were_kept_of_devices(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    found = Calibration(device="d", calibrated_at=datetime(2026, 1, 1, tzinfo=UTC), num_qubits=1)
    digest, _ = keep(settings, "ibm_runtime:d", found)
    back_up(settings.ledger, FileStore(settings.store), tmp_path / "copy")
    assert json.loads(FileStore(tmp_path / "copy" / "store").get(digest))["device"] == "d"


def test_the_mark_of_a_bucket_is_written_once(open_home: Open) -> None:
    store = open_home("one")
    assert store.owner() is None
    store.own("a")
    open_home("two").own("b")
    assert store.owner() == "a"
    assert list(store.digests()) == []
