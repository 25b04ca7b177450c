"""Back-ups beside a pruning fit together, and what is put back after one has what was kept."""

from pathlib import Path

import pytest

from records.audit.audit import audit
from records.backup import back_up, restore
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from tests.records.retention.conftest import Keeper


class Interrupted(FileStore):
    """A store that is pruned when the first of its bytes is read, after the ledger was copied."""

    def __init__(self, keeper: Keeper) -> None:
        super().__init__(keeper.store.folder)
        self._keeper, self.prunings = keeper, 0

    def get(self, digest: str) -> bytes:
        if not self.prunings:
            self.prunings += 1
            assert self._keeper.prune().files == 6
        return super().get(digest)


def test_a_back_up_that_a_pruning_came_into_begins_again(keeper: Keeper, url: str, tmp_path: Path) -> None:
    keeper.case("old")
    keeper.open("running")
    keeper.age()
    folder, store = tmp_path / "backups", Interrupted(keeper)
    made = back_up(url, store, folder)
    assert store.prunings == 1
    assert made.files == len(keeper.files["running"]) - 2  # no row names answer and report yet
    assert [path.name for path in folder.glob("ledger-*.db")] == [made.file.name]


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_put_back_is_as_it_was_when_it_was_taken(
    keeper: Keeper, url: str, tmp_path: Path, when: str
) -> None:
    keeper.case("old")
    keeper.age()
    folder = tmp_path / "backups"
    if when == "before":
        back_up(url, keeper.store, folder)
        keeper.prune()
    else:
        keeper.prune()
        back_up(url, keeper.store, folder)
    anew, store = f"sqlite:///{tmp_path / 'anew.db'}", FileStore(tmp_path / "anew")
    assert restore(folder, None, anew, store).findings == ()
    ledger = SqlLedger(anew, store)
    assert len(ledger.prunings("old")) == (when == "after")
    assert len(list(store.digests())) == (6 if when == "before" else 0)
    assert audit(ledger, store).findings == ()
    ledger.close()
