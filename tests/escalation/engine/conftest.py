"""A runtime on records of its own, and the world of paid work, whose rest `reconcile` looks after."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from escalation.engine.runtime import Runtime
from escalation.inputs.settings import Settings
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore
from records.views.report import render
from tests.escalation.submission.conftest import make_world, world
from tests.escalation.untracked import Untracked

__all__ = ["make_world", "runtime", "world"]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """Nothing is tracked, and whoever needs a machine puts it in."""
    settings = Settings(home=tmp_path)
    store = FileStore(settings.store)
    made = Runtime(settings, SqlLedger(settings.ledger, store), store, Untracked(), render)
    yield made
    made.close()
