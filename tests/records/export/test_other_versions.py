"""Whose signature calls an export another version's may use other words, and say nothing else in two ways."""

import json
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from escalation.model.identity import canonical_json
from records.export.verifying import NOT_KNOWN, OTHER_WORDS, findings, verify_export
from records.export.writing import write
from records.named import verified
from records.signing.envelope import sign
from records.testing.mutations import Files, rehash, reseal, sign_anew
from tests.records.export.conftest import CASES, Site


def signed_as_another_versions(site: Site, files: Files, **said: Any) -> list[str]:
    """What is found in files that the site signed, saying that other code wrote them."""
    path = "signature/statement.dsse.json"
    statement = json.loads(b64decode(json.loads(files[path])["payload"]))
    statement["predicate"] |= {"writer": "0" * 64, **said}
    files[path] = canonical_json(sign(statement, site.key))
    rehash(files)
    sign_anew(files, site.key)
    return list(findings(files, site.key.public))


def forged(files: Files, name: str, change: Callable[[Any], None]) -> dict[str, Any]:
    """Changes the first row of a table, as people read it and as it was sealed; chain and checkpoint fit.

    Returns the head of the case's chain.
    """
    path = f"data/ledger/rows/{name}.jsonl"
    before, *others = files[path].splitlines()
    rows = json.loads(files[f"data/{name}.json"])
    change(rows[0])
    files[f"data/{name}.json"] = json.dumps(rows).encode()
    sealed = {key: each for key, each in rows[0].items() if key != "in_words"}
    texts = {key: canonical_json(each).decode() for key, each in sealed.items() if isinstance(each, dict)}
    after = canonical_json(sealed | texts)
    files[path] = b"".join(line + b"\n" for line in (after, *others))
    reseal(files, {sha256(before).hexdigest(): sha256(after).hexdigest()})
    return _checked(files)


def _checked(files: Files) -> dict[str, Any]:
    """Has a checkpoint that shows the case's chain as it is now."""
    events, chain = (files[f"data/ledger/{each}.jsonl"].splitlines() for each in ("events", "chain"))
    heads = {}
    for event, link in zip(map(json.loads, events), map(json.loads, chain), strict=True):
        heads[link[0]] = {"number": event["number"], "hash": link[1]}
    leaf = {"chain": "paid", **heads["paid"]}
    checkpoint = json.dumps({"body": {"root": sha256(b"\0" + canonical_json(leaf)).hexdigest()}})
    digest = sha256(checkpoint.encode()).hexdigest()
    proof = {"leaf": leaf, "path": [], "checkpoint": checkpoint, "hash": digest}
    files["data/ledger/proof.jsonl"] = canonical_json(proof) + b"\n"
    return heads["paid"]


@pytest.mark.parametrize("case_id", CASES)
def test_what_nobody_forged_is_believed_of_another_version(site: Site, case_id: str) -> None:
    assert signed_as_another_versions(site, site.bag(case_id)) == []


def test_another_version_is_a_finding_unless_it_is_asked_for(site: Site, tmp_path: Path) -> None:
    files = site.bag("paid")
    assert signed_as_another_versions(site, files) == []
    write(dict(sorted(files.items())), tmp_path / "out")
    refused = verify_export(tmp_path / "out", site.key.public)
    assert (refused.findings, refused.unchecked) == ((NOT_KNOWN,), (OTHER_WORDS,))
    taken = verify_export(tmp_path / "out", site.key.public, other_version=True)
    assert (taken.findings, taken.unchecked) == ((), (OTHER_WORDS,))
    read = verified(tmp_path / "out", site.key.public)
    assert read.source.endswith("it says that another version of Tierwise wrote it")


def by_another(row: Any) -> None:
    row["approval"]["by"] = "eve"


def for_less(row: Any) -> None:
    row["approval"]["cap"]["usd"] = 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (by_another, "its events say another by than its row"),
        (for_less, "is for less than was set aside with it"),
    ],
)
def test_rows_that_contradict_events_or_each_other_are_found(
    site: Site, change: Callable[[Any], None], said: str
) -> None:
    files = site.bag("paid")
    head = forged(files, "approvals", change)
    found = signed_as_another_versions(site, files, head=head)
    assert found
    assert any(said in line for line in found), found
    assert all(line.startswith("approval") for line in found), found  # nothing else gives it away


def test_a_step_that_was_not_among_those_to_choose_from_is_found(site: Site) -> None:
    files = site.bag("paid")
    (step,) = json.loads(files["data/rungs.json"])
    files["data/rungs.json"] = json.dumps([step, step | {"method": "another"}]).encode()
    found = signed_as_another_versions(site, files)
    assert found == ["the rungs are others than the first decision names"]


@pytest.mark.parametrize(("name", "value"), [("status", "refused"), ("events", 1), ("case", "another")])
def test_what_the_signature_says_of_the_bag_is_held_against_the_records(
    site: Site, name: str, value: Any
) -> None:
    found = signed_as_another_versions(site, site.bag("paid"), **{name: value})
    assert found == ["signature: its statement does not say what the records say"]
