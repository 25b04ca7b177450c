"""`tierwise export` and `tierwise verify`: a case of the records into a folder, and whether that holds."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_case_is_exported_once(call: Callable[..., Any], desk: Callable[..., Any], tmp_path: Path) -> None:
    desk().run()
    target = tmp_path / "out"
    refused = call("export", "c", "--out", str(target))
    assert (refused.code, refused.out) == (2, "")
    assert "`tierwise keys make`" in refused.err
    assert call("keys", "make").code == 0
    done = call("export", "c", "--out", str(target))
    assert (done.code, done.err) == (0, "")
    assert f"{target}: case c, " in done.out
    assert (target / "bagit.txt").exists()
    again = call("export", "c", "--out", str(target))
    assert again.code == 2
    assert "is there already" in again.err


def test_an_export_is_verified_with_the_key_that_is_trusted(
    call: Callable[..., Any], desk: Callable[..., Any], home: Path, tmp_path: Path
) -> None:
    desk().run()
    public, target = tmp_path / "site.pem", tmp_path / "out.zip"
    public.write_text(call("keys", "make").out)
    assert call("export", "c", "--out", str(target)).code == 0
    own = call("verify", str(target))
    assert (own.code, own.err) == (0, "")
    assert "all fits" in own.out
    assert own.out.endswith(", of this site\n")
    (home / "signing-key.pem").rename(tmp_path / "away.pem")
    unknown = call("verify", str(target))
    assert unknown.code == 0
    assert "Whose key that is, no export can prove" in unknown.out
    told = json.loads(call("verify", str(target), "--key", str(public), "--json").out)
    assert (told["findings"], told["key"]) == ([], str(public))
    public.write_text(call("keys", "make").out)
    other = call("verify", str(target), "--key", str(public))
    assert other.code == 1
    assert "signature: is not that of key" in other.out
    assert (
        f"signature: the export has key {told['key_id']}; where that is another site's, give its" in other.out
    )
    assert call("verify", str(target)).out == other.out.replace(f", {public}\n", ", of this site\n")
    replayed = call("replay", str(target))
    assert replayed.code == 5
    assert "where that is another site's, give its --key" in replayed.out
    target.write_bytes(target.read_bytes() + b"0")
    assert call("verify", str(target), "--key", str(public)).code == 1
    for nothing in (tmp_path, tmp_path / "none"):
        assert call("verify", str(nothing)).code == 2
    assert call("verify", str(target), "--key", str(tmp_path / "none")).code == 2


def test_a_key_that_others_could_read_signs_nothing(
    call: Callable[..., Any], desk: Callable[..., Any], home: Path, tmp_path: Path
) -> None:
    desk().run()
    call("keys", "make")
    (home / "signing-key.pem").chmod(0o644)
    done = call("export", "c", "--out", str(tmp_path / "out"))
    assert (done.code, done.out) == (2, "")
    assert "expected a key that its user alone can read, got mode 0644" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["pipe", "folder", "/dev/zero", "sparse"])
def test_a_key_that_is_no_file_of_a_keys_size_is_a_line(
    call: Callable[..., Any], desk: Callable[..., Any], tmp_path: Path, what: str
) -> None:
    desk().run()
    call("keys", "make")
    assert call("export", "c", "--out", str(tmp_path / "out")).code == 0
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    for command in ("verify", "replay"):
        done = call(command, str(tmp_path / "out"), "--key", str(tmp_path / what))
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert "expected" in done.err
