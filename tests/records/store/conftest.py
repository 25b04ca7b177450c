"""A real S3 server that the tests of the store share, and the bucket as somebody else sees it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import from_url

from escalation.inputs.settings import Settings
from records.store.objects import ObjectStore
from records.store.opening import open_store
from tests.debian import Missing
from tests.records.s3 import S3, serving_s3

Open = Callable[..., ObjectStore]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    context = serving_s3()
    try:
        server = context.__enter__()
    except Missing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    yield server
    context.__exit__(None, None, None)


@pytest.fixture
def s3(s3_server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty store on the server: its URL; the environment has the credential."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"{s3_server.url}/{tmp_path.name}"


@pytest.fixture
def open_home(s3: str, tmp_path: Path) -> Open:
    """Opens the store as a machine does whose home has that name."""

    def opened(home: str, **changes: Any) -> ObjectStore:
        store = open_store(Settings(home=tmp_path / home, store_url=s3, **changes))
        assert isinstance(store, ObjectStore)
        return store

    return opened


@pytest.fixture
def bucket(s3: str) -> Any:
    """The objects themselves, past the store."""
    return from_url(s3, client_options={"allow_http": True})
