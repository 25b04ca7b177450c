"""SQL statements that are compiled once for all the ledgers of a run.

SQLAlchemy keeps what it compiled by engine; a site has one, these tests open thousands, and would spend a
third of their time compiling the same anew.
"""

from typing import Any

import pytest
from sqlalchemy import Engine

from records.ledger import database


class ByDialect(dict[Any, Any]):
    """What SQLAlchemy compiled, by the kind of the dialect instead of the engine's own object of it."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_kind(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(_kind(key), compiled)


def _kind(key: Any) -> Any:
    return (type(key[0]), *key[1:])


def compiled_once(patch: pytest.MonkeyPatch) -> None:
    """Has all ledgers of this process use one cache of compiled statements."""
    compiled, engine = ByDialect(), database._engine

    def sharing(url: str) -> Engine:
        made = engine(url)
        made.update_execution_options(compiled_cache=compiled)
        return made

    patch.setattr(database, "_engine", sharing)
