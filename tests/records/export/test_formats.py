"""An export is what it says by the tools of others: RO-Crate, BagIt, DSSE."""

import json
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import bagit
import pytest

from records.export.exporting import export
from tests.records.export.conftest import CASES, Site
from tests.records.export.validator import findings

ABSOLUTE = "RECOMMENDED process-run-crate-0.5_5.1 The SoftwareApplication id SHOULD be an absolute URI"
"""Of a crate on a disk, github.com/crs4/rocrate-validator, issue 51: 5.1 wants the workflow's name, once
JSON-LD has resolved it, to begin with `http` (should/0_software-application.ttl, `sh:pattern`).
The main workflow must be of that type, and a file of the crate by its name as it is written, or be had from
the network (workflow-ro-crate/must/0_main-workflow.ttl, 0_main_workflow.py). A trial tries what is left."""


def crate(site: Site, case_id: str, folder: Path) -> Path:
    export(site.ledger, site.store, site.settings, case_id, folder / case_id)
    return folder / case_id / "data"


def changed(crate: Path, folder: Path, old: str, new: str) -> Path:
    """A copy of the crate with another text in its metadata."""
    copy = Path(shutil.copytree(crate, folder))
    text = (copy / "ro-crate-metadata.json").read_text()
    assert old in text
    (copy / "ro-crate-metadata.json").write_text(text.replace(old, new))
    return copy


def test_the_validator_finds_nothing_in_a_crate_and_notices_what_is_wrong(site: Site, tmp_path: Path) -> None:
    right, failed = (crate(site, case_id, tmp_path) for case_id in ("paid", "failed"))
    wrong = changed(failed, tmp_path / "wrong", '"datePublished"', '"dateCreated"')
    found, noticed = findings(tmp_path, right, wrong)
    assert found.metadata == []
    assert set(found.folder) == {ABSOLUTE}
    for each in noticed:
        assert any(line.startswith("REQUIRED") and "datePublished" in line for line in each)


@pytest.mark.trial  # of the validator more than of ours: it changes with its lock alone
def test_no_name_of_the_workflow_pleases_every_check_of_a_crate_on_a_disk(site: Site, tmp_path: Path) -> None:
    ours = crate(site, "refused", tmp_path)
    link = "https://tierwise.invalid/policy.yaml"
    web = changed(ours, tmp_path / "web", '"policy.yaml"', f'"{link}"')
    context = '"https://w3id.org/ro/crate/1.1/context",'
    base = changed(ours, tmp_path / "base", context, f'{context} {{"@base": "https://tierwise.invalid/"}},')
    relative, absolute, based = (each.folder for each in findings(tmp_path, ours, web, base))
    assert set(relative) == {ABSOLUTE}
    assert any(line.startswith("REQUIRED") and f"Main Workflow {link} not found" in line for line in absolute)
    assert ABSOLUTE not in based
    assert {line.split(" ")[1] for line in based} == {
        "workflow-ro-crate-1.0_6.1",  # of README.md and of the metadata, looked for below the folder,
        "workflow-ro-crate-1.0_6.2",  # although `@base` names them otherwise
        "workflow-ro-crate-1.0_7.1",
    }


@pytest.mark.trial
@pytest.mark.timeout(1800)
def test_the_validator_finds_nothing_in_a_crate_of_any_kind(site: Site, tmp_path: Path) -> None:
    for found in findings(tmp_path, *(crate(site, case_id, tmp_path) for case_id in CASES)):
        assert (found.metadata, set(found.folder)) == ([], {ABSOLUTE})


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
