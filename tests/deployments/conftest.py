"""What tests of the deployments share: a client of the server, and the worker's ledger."""

from collections.abc import Iterator
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client

from escalation.ports.configuration import settings
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore


@pytest.fixture
def client(on_server: Any) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def ledger(on_server: Any) -> Iterator[SqlLedger]:
    ledger = SqlLedger(settings().ledger, FileStore(settings().store))
    yield ledger
    ledger.close()
