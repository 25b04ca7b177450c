"""An export is what it says by the tools of others: RO-Crate, BagIt, DSSE."""

import json
import subprocess
from base64 import b64decode
from pathlib import Path

import bagit
import pytest

from records.export.exporting import export
from tests.records.export.conftest import CASES, Site
from tests.records.export.validator import findings

ABSOLUTE = "RECOMMENDED process-run-crate-0.5_5.1 The SoftwareApplication id SHOULD be an absolute URI"
"""github.com/crs4/rocrate-validator, issue 51: it wants of a workflow that it be a file of the crate and that
its name begin with http; no crate with its workflow in it can please both."""


def crate(site: Site, case_id: str, folder: Path) -> Path:
    export(site.ledger, site.store, site.settings, case_id, folder / case_id)
    return folder / case_id / "data"


def test_the_validator_finds_nothing_in_a_crate_and_notices_what_is_wrong(site: Site, tmp_path: Path) -> None:
    right, wrong = (crate(site, case_id, tmp_path) for case_id in ("paid", "failed"))
    file = wrong / "ro-crate-metadata.json"
    file.write_text(file.read_text().replace('"datePublished"', '"dateCreated"'))
    found = findings(tmp_path, right, wrong)
    assert [each for each in found[right] if each != ABSOLUTE] == []
    assert any(each.startswith("REQUIRED") and "datePublished" in each for each in found[wrong])


@pytest.mark.trial
@pytest.mark.timeout(1800)
def test_the_validator_finds_nothing_in_a_crate_of_any_kind(site: Site, tmp_path: Path) -> None:
    crates = [crate(site, case_id, tmp_path) for case_id in CASES]
    for found in findings(tmp_path, *crates).values():
        assert [each for each in found if each != ABSOLUTE] == []


def test_every_file_is_described_and_every_reference_leads_somewhere(site: Site) -> None:
    for case_id in CASES:
        files = site.bag(case_id)
        graph = json.loads(files["data/ro-crate-metadata.json"])["@graph"]
        ids = [entity["@id"] for entity in graph]
        assert len(ids) == len(set(ids))
        described = {entity["@id"] for entity in graph if "File" in entity["@type"]}
        payload = {path.removeprefix("data/") for path in files if path.startswith("data/")}
        assert described == payload - {"ro-crate-metadata.json"}
        for entity in graph:
            for value in entity.values():
                for each in value if isinstance(value, list) else [value]:
                    if isinstance(each, dict) and not each["@id"].startswith("https://"):
                        assert each["@id"] in ids


def test_the_bag_is_valid(site: Site, tmp_path: Path) -> None:
    folder = crate(site, "paid", tmp_path).parent
    bag = bagit.Bag(str(folder))
    bag.validate()
    assert bag.info["External-Identifier"] == "paid"
    assert set(bag.algorithms) == {"sha256", "sha512"}
    (folder / "data" / "problem.json").write_text("{}")
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(folder)).validate()


def test_openssl_checks_the_signature(site: Site, tmp_path: Path) -> None:
    folder = crate(site, "paid", tmp_path).parent
    (tmp_path / "site.pem").write_text(site.key.public.pem)
    signature = folder / "signature"
    asked = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "site.pem"), "-rawin"]
    asked += ["-in", str(signature / "statement.pae"), "-sigfile", str(signature / "statement.sig")]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "Signature Verified Successfully")
    envelope = json.loads((signature / "statement.dsse.json").read_text())
    statement = json.loads(b64decode(envelope["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert {each["name"] for each in statement["subject"]} >= {"manifest-sha256.txt", "verify.py"}
    assert statement["predicate"]["case"] == "paid"
    (signature / "statement.pae").write_bytes(b"DSSEv1")
    assert subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode == 1
