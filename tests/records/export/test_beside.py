"""What stands beside the ledger's rows says what they say, whoever signed it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from records.export import writing
from records.export.exporting import VERIFIER, export
from records.export.payload import WITHHELD_FILES, WITHHELD_ROWS
from records.export.verifying import findings, verify_export
from records.testing.mutations import rehash, sign_anew
from tests.records.export.conftest import Site
from tests.records.export.test_verifying import alone

Files = dict[str, bytes]


def lies(site: Site, files: Files) -> list[str]:
    """What is found in files that the site itself signed."""
    rehash(files)
    sign_anew(files, site.key)
    return list(findings(files, site.key.public))


@pytest.mark.parametrize(
    "path",
    [
        *("data/outcome.json", "data/policy.yaml", "data/problem.json"),
        *("data/environment.json", "data/requirements.lock"),
    ],
)
def test_a_file_that_says_another_thing_than_the_ledger_is_found_though_its_site_signed_it(
    site: Site, path: str
) -> None:
    files = site.bag("paid")
    assert lies(site, dict(files)) == []
    files[path] += b"\n"
    assert f"{path} was changed: it is not what the ledger says" in lies(site, files)


def test_another_policy_than_the_decisions_name_is_found_though_its_site_signed_it(site: Site) -> None:
    files = site.bag("paid")
    files["data/policy.json"] += b"\n"
    assert lies(site, files)[0] == "decision 0: does not follow from its facts, or was not carried out"


def test_a_file_that_is_gone_is_found_though_its_site_signed_it(site: Site) -> None:
    files = site.bag("paid")
    del files["data/outcome.json"]
    assert "data/outcome.json is missing: it is not what the ledger says" in lies(site, files)


def test_bytes_of_the_store_have_the_digest_that_they_are_named_by(site: Site) -> None:
    files = site.bag("paid")
    path = next(path for path in files if path.startswith("data/store/") and not path.endswith("json"))
    files[path] += b"\n"
    assert f"{path} was changed: it is not what the ledger says" in lies(site, files)


def test_a_changed_row_is_named_with_its_case_and_number(site: Site) -> None:
    files = site.bag("paid")
    row = json.loads(files["data/ledger/rows/attempts.jsonl"])
    row["seed"] = 1
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    files["data/ledger/rows/attempts.jsonl"] = text + b"\n"
    assert "ledger: the row attempts paid 0 is not as its last event left it" in lies(site, files)


def deep(files: Files) -> None:
    files["data/cases.json"] = b"[" * 10**5


def not_a_number(files: Files) -> None:
    files["data/policy.json"] = files["data/policy.json"].replace(b'"16"', b"1" + b"0" * 400)
    files["data/decisions.json"] = files["data/decisions.json"].replace(b"3.2", b"1" + b"0" * 400)


def no_text(files: Files) -> None:
    files["data/ledger/events.jsonl"] = b"\xff\n"


@pytest.mark.parametrize("change", [deep, not_a_number, no_text])
def test_what_cannot_be_read_is_a_line(site: Site, tmp_path: Path, change: Callable[[Files], None]) -> None:
    files = site.bag("paid")
    change(files)
    writing.write(files, tmp_path / "out")
    found = alone(VERIFIER, tmp_path / "out")
    assert (found.returncode, found.stderr) == (1, "")


def test_a_folder_of_more_bytes_than_an_export_can_have_is_not_read(site: Site, tmp_path: Path) -> None:
    writing.write(site.bag("refused"), tmp_path / "out")
    with (tmp_path / "out/data/sparse").open("wb") as file:
        file.truncate(2**35)
    found = alone(VERIFIER, tmp_path / "out")
    assert (found.returncode, found.stderr) == (1, "")
    assert "data/sparse was added" in found.stdout.splitlines()


PROOF = "data/ledger/proof.jsonl"


@pytest.mark.parametrize("data", [None, b"", b"{}\n"])
def test_a_chain_that_no_checkpoint_is_shown_to_have_is_found(site: Site, data: bytes | None) -> None:
    files = site.bag("paid")
    del files[PROOF]
    if data is not None:
        files[PROOF] = data
    assert f"{PROOF}: expected the proof that a checkpoint has this chain" in lies(site, files)


def test_a_checkpoint_of_another_chain_is_found(site: Site) -> None:
    files = site.bag("paid")
    files[PROOF] = site.bag("refused")[PROOF]
    assert f"{PROOF}: the checkpoint does not have this chain" in lies(site, files)


@pytest.mark.parametrize("path", ["data/ledger/events.jsonl", "data/approvals.json", "data/cases.json"])
def test_what_is_gone_is_named_in_words(site: Site, path: str) -> None:
    files = site.bag("paid")
    del files[path]
    found = lies(site, files)
    assert any(line.endswith(f": {path} is missing") for line in found)
    files = site.bag("paid")
    files[path] = files[path][:-20]
    assert not any("Error" in line for line in lies(site, files))


def test_what_is_withheld_is_said_with_how_much_it_is(make_site: Callable[..., Site], tmp_path: Path) -> None:
    strict = make_site()
    strict.solve("i", data_class="identifiable")
    made = export(strict.ledger, strict.store, strict.settings, "i", tmp_path / "out")
    rows = len(made.lines(WITHHELD_ROWS))
    said = f"{rows} rows and {len(made.lines(WITHHELD_FILES))} files are withheld, 0 pruned: "
    assert rows >= 3
    found = verify_export(tmp_path / "out", strict.key.public)
    assert found.findings == ()
    assert found.unchecked[0].startswith(said)
    assert said in alone(VERIFIER, tmp_path / "out").stdout
