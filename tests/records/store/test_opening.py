"""Which store a site names, and what it is told where that cannot be used: one line, and no secret in it."""

import os
from pathlib import Path

import pytest

from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput, TierwiseError
from records.store.files import FileStore
from records.store.opening import open_store
from records.store.places import ObjectPlace, place_of
from records.store.refusals import StoreAway

SECRET = "5ecret"


def test_without_a_url_bytes_are_in_the_home(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    assert isinstance(store, FileStore)
    assert store.folder == tmp_path / "store"


def test_a_folder_is_shared_by_its_path_or_its_url(tmp_path: Path) -> None:
    shared = tmp_path / "a b"
    shared.mkdir()
    digest = open_store(Settings(home=tmp_path / "1", store_url=str(shared))).put(b"abc")
    stores = (shared.as_uri(), f"file://localhost{shared.as_uri()[7:]}")
    for number, url in enumerate(stores):
        assert open_store(Settings(home=tmp_path / str(number), store_url=url)).get(digest) == b"abc"


def test_a_shared_folder_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"expected a folder at .*: mount it, or make it"):
        open_store(Settings(home=tmp_path, store_url=str(tmp_path / "missing")))
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://bucket", ObjectPlace("s3", "bucket", "")),
        ("s3://bucket/a/b/", ObjectPlace("s3", "bucket", "a/b")),
        ("gs://bucket/a", ObjectPlace("gs", "bucket", "a")),
        ("az://container/a", ObjectPlace("az", "container", "a")),
    ],
)
def test_a_bucket_is_named_by_its_url(url: str, expected: ObjectPlace) -> None:
    assert place_of(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("", "store", "./store", "s3:bucket", "s3://", "s3:///a", "s3://b/../c", "s3://B b", "s3://b:1", "s3://["),
        *("http://h/b", "ftp://h/b", "file://host/a", "file://", "sqlite:///a", "/a\0b"),
        *(f"s3://u:{SECRET}@b", f"s3://{SECRET}@b", f"az://c/a?sig={SECRET}", f"file://u:{SECRET}@h/a", f"s3://b#{SECRET}"),
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_in_one_line_without_a_secret(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInput, match=r"^TIERWISE_STORE_URL: expected ") as told:
        open_store(Settings(home=tmp_path, store_url=url))
    assert SECRET not in str(told.value)
    assert "\n" not in str(told.value)


NO_BUCKET = {"TIERWISE_STORE_URL": "s3://nobucket/store"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (NO_BUCKET, "there is no such bucket; make the bucket"),
        ({"AWS_SECRET_ACCESS_KEY": SECRET}, "the credential is not taken; set it"),
        ({"AWS_ACCESS_KEY_ID": SECRET}, "the credential is not taken; set it"),
        ({"AWS_ALLOW_HTTP": "false"}, "its endpoint is plain http; use https"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "its service cannot be reached"),
        ({"AWS_ENDPOINT_URL": SECRET}, "AWS_ENDPOINT_URL: expected http"),
        ({"AWS_ENDPOINT_URL": f"http://u:{SECRET}@h"}, "AWS_ENDPOINT_URL: expected http"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_one_line_that_says_what_to_do(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], expected: str
) -> None:
    for name, value in {"TIERWISE_STORE_URL": s3, **changes}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TierwiseError, match=expected) as told:
        open_store(Settings(home=tmp_path))
    assert SECRET not in str(told.value)
    assert "\n" not in str(told.value)
    assert told.value.exit_code == 2


def test_a_key_that_is_none_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "site")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", f"{SECRET}, and not in base64")
    with pytest.raises(StoreAway, match="what the environment says of it is not understood; look at") as told:
        open_store(Settings(home=tmp_path, store_url="az://container"))
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("url", ["gs://bucket", "az://container"])
def test_a_service_without_a_credential_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    for name in [name for name in os.environ if name.startswith(("GOOGLE", "AZURE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(
        "GOOGLE_SERVICE_ACCOUNT_KEY", "{}"
    )  # or a service of the machine would be asked for one
    with pytest.raises(StoreAway, match="no usable credential was found; set it"):
        open_store(Settings(home=tmp_path, store_url=url))
