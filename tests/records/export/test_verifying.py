"""What an export says holds together, and what does not is found, by the file in it alone too."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from escalation.model.problem import Target
from records.export import writing
from records.export.exporting import VERIFIER, export
from records.export.verifying import findings, verify_export
from records.testing.mutations import rehash
from tests.escalation.replay.test_recompute import PricedOracle
from tests.records.export.conftest import CASES, FOUR, QUANTUM, Site

NONE = "expected an export's folder"
NO_KEY = "expected a file with an Ed25519 public key in PEM"
LEFT = (
    "Histories, what rows and events repeat, README.md and its like: `tierwise verify` looks at these, too\n"
)


@pytest.mark.parametrize("case_id", CASES)
def test_an_untouched_export_raises_no_alarm(site: Site, case_id: str) -> None:
    assert list(findings(site.bag(case_id), site.key.public)) == []


NAMES_A_RULE = """
waivers: [{gate: no_floor_price, because: "The rule floor_price looks at money, and there is none."}]
"""


def test_words_that_name_a_rule_are_not_taken_for_the_rule(make_site: Callable[..., Site]) -> None:
    policy = QUANTUM.replace("id: width", "id: no_floor_price").replace("at_most: 2}", "at_most: 1}")
    one, nine = make_site(), Target(metric="number", at_least=9.0)
    assert one.solve("c", policy + NAMES_A_RULE, instance=FOUR, target=nine).tier == "quantum"
    files = one.bag("c")
    assert b"floor_price looks at money" in files["data/decisions.json"]
    assert list(findings(files, one.key.public)) == []


@pytest.mark.parametrize(("usd", "rule"), [(0.5, "floor_price"), (5.0, "order")])
def test_a_case_on_a_machine_with_a_price_raises_no_alarm(
    make_site: Callable[..., Site], usd: float, rule: str
) -> None:
    one, target = make_site(), Target(metric="number", at_least=9.0)
    one.runtime._backends["local"] = PricedOracle()  # type: ignore[assignment]
    policy = "policy: p\nsummary: AI alone.\ntiers: [ai]\nbackends: {local_call: local}\n"
    outcome = one.solve("c", policy, budget={"wall_s": 600, "usd": usd}, target=target)
    assert outcome.decisions[0].rule == rule
    assert list(findings(one.bag("c"), one.key.public)) == []


def alone(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a file with the standard library alone, and no environment."""
    python = [sys.executable, "-I", "-S"]
    return subprocess.run(
        [*python, *map(str, args)], capture_output=True, text=True, check=False, env={}, timeout=60
    )


def test_the_file_in_the_export_verifies_it_alone(site: Site, tmp_path: Path) -> None:
    export(site.ledger, site.store, site.settings, "paid", tmp_path / "out")
    (tmp_path / "verify.py").write_bytes(site.bag("paid")["verify.py"])
    (tmp_path / "site.pem").write_text(site.key.public.pem)
    asked = (tmp_path / "verify.py", tmp_path / "out")
    found, trusted = alone(*asked), alone(*asked, "--key", tmp_path / "site.pem")
    assert (found.returncode, found.stderr) == (0, "")
    own, said = tmp_path / "out/signature/key.pem", "hold its id against the site's"
    for done, key in ((found, own), (trusted, tmp_path / "site.pem")):
        assert done.stdout == f"all fits\nkey {site.key.public.key_id}, {key}: {said}\n{LEFT}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", NONE),
        ("out --key=site.pem", "expected DIR --key PEM"),
        ("out --key", "expected DIR --key PEM"),
        ("out --key site.pem more", "expected DIR --key PEM"),
        ("out site.pem", "expected DIR --key PEM"),
        ("nowhere", NONE),
        ("site.pem", NONE),
        ("empty", NONE),
        ("links", NONE),
        ("out --key nowhere", f"nowhere: {NO_KEY}"),
        ("out --key out/verify.py", NO_KEY),
        ("out --key pipe", NO_KEY),
        ("out --key empty", f"empty: {NO_KEY}"),
        ("out --key /dev/zero", NO_KEY),
        ("out --key sparse", NO_KEY),
        ("pipe", NONE),
        ("/dev/zero", NONE),
    ],
)
def test_what_cannot_be_asked_of_the_file_is_a_sentence(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, said: str
) -> None:
    writing.write(site.bag("refused"), tmp_path / "out")
    (tmp_path / "site.pem").write_text(site.key.public.pem)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "links").mkdir()
    (tmp_path / "links/elsewhere").symlink_to(tmp_path)
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    monkeypatch.chdir(tmp_path)
    found = alone(VERIFIER, *given.split())
    assert (found.returncode, found.stderr) == (2, "")
    assert said in found.stdout.splitlines()[-1]


@pytest.mark.parametrize("given", ["--help", "-h", "out --help"])
def test_the_file_says_how_it_is_asked(given: str) -> None:
    found = alone(VERIFIER, *given.split())
    assert (found.returncode, found.stderr) == (0, "")
    assert "python3 verify.py DIR [--key PEM]\nExit code 0: all fits; 1:" in found.stdout


def test_the_file_is_short_and_for_older_pythons_too() -> None:
    import ast

    text = VERIFIER.read_text()
    assert len(text.splitlines()) <= 150
    assert max(map(len, text.splitlines())) <= 110
    tree = ast.parse(text, feature_version=(3, 9))
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert names <= sys.stdlib_module_names
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def test_a_damaged_export_is_found_by_the_file_alone(site: Site, tmp_path: Path) -> None:
    export(site.ledger, site.store, site.settings, "paid", tmp_path / "out")
    file = tmp_path / "out/data/budgets.json"
    file.write_text(file.read_text().replace("3", "4", 1))
    found = alone(tmp_path / "out/verify.py", tmp_path / "out")
    assert found.returncode == 1
    assert found.stdout.splitlines()[0] == "data/budgets.json was changed"


def test_each_file_that_is_not_as_it_was_is_named_with_what_became_of_it(site: Site) -> None:
    files = site.bag("refused")
    files["data/outcome.json"] += b" "
    del files["data/rungs.json"]
    files["data/more.json"] = b""
    del files["bagit.txt"]
    files["verify.py"] += b"#"
    assert set(findings(files, site.key.public)) >= {
        "data/outcome.json was changed",
        "data/rungs.json is missing",
        "data/more.json was added",
        "bagit.txt is missing",
        "verify.py was changed",
    }


@pytest.mark.parametrize(
    "path",
    [
        "signature/anything",
        "signature/tagmanifest-sha256.txt",
        "tagmanifest-x/anything",
        "tagmanifest-sha512.txt",
        "manifest-md5.txt",
        "more",
        "data/store/more",
    ],
)
def test_a_file_that_was_not_signed_is_found_though_the_manifests_name_it(
    site: Site, tmp_path: Path, path: str
) -> None:
    files = {**site.bag("refused"), path: b"more"}
    rehash(files)
    writing.write(dict(sorted(files.items())), tmp_path / "out")
    found = verify_export(tmp_path / "out", site.key.public).findings
    changed = "manifest-sha256.txt was changed"
    assert (changed if path.startswith("data/") else f"{path} was added") in found


@pytest.mark.parametrize("strange", ["link", "folder", "linked folder", "pipe"])
def test_what_is_no_file_is_not_overlooked(site: Site, tmp_path: Path, strange: str) -> None:
    writing.write(site.bag("refused"), tmp_path / "out")
    made = tmp_path / "out" / "data" / "strange"
    match strange:
        case "link":
            made.symlink_to("problem.json")
        case "folder":
            made.mkdir()
        case "linked folder":
            made.symlink_to("store")
        case "pipe":
            os.mkfifo(made)
    found = alone(VERIFIER, tmp_path / "out")
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout.startswith("data/strange was added")
    said = "data/strange: expected a file, and at most 17179869184 bytes in all"
    assert verify_export(tmp_path / "out", site.key.public).findings[0] == said


def test_a_folder_that_a_link_stands_for_is_not_read(site: Site, tmp_path: Path) -> None:
    writing.write(site.bag("refused"), tmp_path / "out")
    (tmp_path / "out/data/ledger").rename(tmp_path / "ledger")
    (tmp_path / "out/data/ledger").symlink_to(tmp_path / "ledger")
    found = verify_export(tmp_path / "out", site.key.public).findings
    assert found[0].startswith("data/ledger: expected a file")
    assert "data/ledger/events.jsonl is missing" in found
