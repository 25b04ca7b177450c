"""An export of a case of which files were pruned: valid, says which they are, and cannot say so of others."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.problem import DataClass
from escalation.replay.replay import replay
from escalation.replay.report import Mode
from records.export.exporting import export
from records.export.opening import open_export
from records.export.payload import INDEX, PRUNED_FILES, WITHHELD_FILES, ExportPayload
from records.export.verifying import verify_export
from records.retention.pruning import prune
from records.retention.rule import Retention
from records.testing.mutations import Files
from tests.records.export.conftest import FOUR, QUANTUM, Site
from tests.records.export.test_beside import lies
from tests.records.retention.conftest import AT_ONCE, age

Make = Callable[..., Site]
RULE = "pruned on 20"


@pytest.fixture(scope="module")
def pruned(make_site: Make) -> Site:
    """A site with a case of which all files were given up, and one whose data stay here, likewise."""
    site = make_site()
    for case_id, data_class in (("c", "public"), ("d", "identifiable")):
        site.solve(case_id, QUANTUM, instance=FOUR, data_class=data_class)
    age(site.store)
    assert prune(site.ledger, site.store, Retention({}, AT_ONCE), by="ada").cases == 2
    assert list(site.store.digests()) == []
    return site


def _files(site: Site, case_id: str) -> ExportPayload:
    files = site.bag(case_id)
    return ExportPayload({name.removeprefix("data/"): data for name, data in files.items()})


def test_it_lists_what_was_given_up_and_all_else_is_there(pruned: Site) -> None:
    made = _files(pruned, "c")
    named = pruned.ledger.named_bytes().cases["c"].named
    assert {line["sha256"] for line in made.pruned} == set(named) != set()
    (told,) = pruned.ledger.prunings("c")
    assert {(line["pruned_at"], line["rule"]) for line in made.pruned} == {(told.at, told.rule)}
    assert made.read(INDEX) == {}
    assert WITHHELD_FILES not in made.files
    assert f"{len(named)} files of the store pruned on {told.at[:10]}" in made.files["README.md"].decode()


@pytest.mark.parametrize("case_id", ["c", "d"])
def test_it_is_valid_for_both_verifiers(pruned: Site, case_id: str, tmp_path: Path) -> None:
    made = export(pruned.ledger, pruned.store, pruned.settings, case_id, tmp_path / "e")
    found = verify_export(tmp_path / "e", pruned.key.public)
    assert found.findings == ()
    assert any(RULE in line and "cannot be looked at any more" in line for line in found.unchecked)
    (tmp_path / "key.pem").write_text(pruned.key.public.pem)
    command = [sys.executable, "verify.py", ".", "--key", str(tmp_path / "key.pem")]
    done = subprocess.run(
        command, check=False, cwd=tmp_path / "e", capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "all fits")
    assert f"files are withheld, {len(made.pruned)} pruned: what they say is not checked" in done.stdout


def test_a_file_that_was_pruned_is_not_said_to_be_withheld(pruned: Site) -> None:
    made = _files(pruned, "d")
    assert made.withheld
    assert made.lines(WITHHELD_FILES) == []
    assert {line["sha256"] for line in made.pruned} == set(pruned.ledger.named_bytes().cases["d"].named)


def test_its_replay_says_what_is_missing_and_never_that_it_is_the_same(pruned: Site, tmp_path: Path) -> None:
    export(pruned.ledger, pruned.store, pruned.settings, "c", tmp_path / "e")
    with open_export(tmp_path / "e") as (ledger, store):
        found = replay(ledger, store, "c", alone=True)
    assert not found.same
    assert (found.mode, found.differences, found.decisions) == (Mode.FROM_RESULTS, (), 0)
    assert [line.partition(":")[0] for line in found.pruned] == ["work"]
    assert found.said == "accepted, as recorded; whether it comes out again cannot be told any more"


def test_what_is_there_again_is_exported_as_before(make_site: Make) -> None:
    site = make_site()
    site.solve("c", QUANTUM, instance=FOUR)
    kept = {digest: site.store.get(digest) for digest in site.store.digests()}
    age(site.store)
    prune(site.ledger, site.store, Retention({}, AT_ONCE), by="ada")
    site.solve("again", QUANTUM, instance=FOUR)  # the same circuits, and the same bits from them
    made = _files(site, "c")
    there = {line["sha256"] for line in made.pruned} ^ set(kept)
    assert there == set(made.named) != set()
    assert lies(site, site.bag("c")) == []


def _also_pruned(files: Files) -> None:
    """Leaves a file out and calls it pruned, with the time and rule of those that are."""
    name = sorted(path for path in files if len(path) == len("data/store/") + 64)[0]
    del files[name]
    index = json.loads(files["data/store/index.json"])
    del index[os.path.basename(name)]
    files["data/store/index.json"] = json.dumps(index, sort_keys=True, indent=1).encode() + b"\n"
    line = {"bytes": 1, "of": "work", "pruned_at": "2026-01-01T00:00:00+00:00", "rule": "r"}
    said = files.get(f"data/{PRUNED_FILES}", b"")
    line["sha256"] = os.path.basename(name)
    files[f"data/{PRUNED_FILES}"] = (
        said + json.dumps(line, separators=(",", ":"), sort_keys=True).encode() + b"\n"
    )


def _another_rule(files: Files) -> None:
    files[f"data/{PRUNED_FILES}"] = files[f"data/{PRUNED_FILES}"].replace(
        b"kept 1e-09 days", b"kept 9e+09 days"
    )


def test_nobody_calls_a_file_pruned_that_no_event_names(site: Site) -> None:
    files = site.bag("simulated")
    _also_pruned(files)
    found = lies(site, files)
    assert f"data/{PRUNED_FILES} does not say what the records say" in found
    assert "data/store/index.json does not say what the records say" in found


@pytest.mark.parametrize("case_id", ["c", "d"])
def test_when_and_why_are_what_the_events_say(pruned: Site, case_id: str) -> None:
    files = pruned.bag(case_id)
    _another_rule(files)
    assert f"data/{PRUNED_FILES} does not say what the records say" in lies(pruned, files)


def test_a_file_that_is_lost_cannot_be_exported_as_pruned(make_site: Make) -> None:
    site = make_site()
    site.solve("c", QUANTUM, instance=FOUR, data_class=DataClass.PUBLIC)
    site.store.path(sorted(site.store.digests())[0]).unlink()
    with pytest.raises(Exception, match="got no file"):
        site.bag("c")
