"""`show`, `explain` and `report` of an export: what they say of its case, or what a withheld one holds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalation.engine.drive import solve
from escalation.engine.opening import prepare
from escalation.model.problem import Problem, Target
from escalation.policy.policy import parse_policy
from records.runtime import open_runtime

Call = Callable[..., Any]
POLICY = "policy: little\nsummary: for tests\ntiers: [ai]\nbackends: {local_call: local}\n"


@pytest.fixture
def exported(home: Path, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the exports `c`, `c.zip` and `kept`, whose data may not leave."""
    monkeypatch.setenv("TIERWISE_TRACKING", "off")
    outs = {"kept": ("kept",), "c": ("c", "c.zip")}
    for case_id, data_class in (("kept", "identifiable"), ("c", "public")):
        with open_runtime() as runtime:
            problem = Problem(
                family="toy",
                instance={"numbers": [3, 1, 9]},
                target=Target(metric="number", at_least=3),
                seed=4,
                data_class=data_class,
            )
            assert solve(runtime, prepare(problem, parse_policy(POLICY), case_id)).status == "accepted"
        if case_id == "kept":
            assert call("keys", "make").code == 0
        for name in outs[case_id]:  # the first export makes a checkpoint, which the second case then names
            assert call("export", case_id, "--out", str(tmp_path / name)).code == 0
    return tmp_path


@pytest.mark.parametrize("name", ["c", "c.zip"])
def test_an_export_is_shown_explained_and_reported_as_its_case_is(
    exported: Path, call: Call, name: str
) -> None:
    path = str(exported / name)
    here, there = json.loads(call("show", "c", "--json").out), json.loads(call("show", path, "--json").out)
    for place in ("record", "mlflow_run_id"):  # what is on the site alone
        del here[place], there[place]
    assert there == here
    shown, explained = call("show", path), call("explain", path)
    assert (shown.code, explained.code) == (0, 0)
    assert "LEDGER" not in shown.err + explained.err
    assert "ACCEPTED" in shown.out
    assert explained.out.splitlines()[0] == call("explain", "c").out.splitlines()[0]
    for said in (shown, explained):
        assert "as signed with key" in said.out.splitlines()[-1]
        assert "MLflow" not in said.out
    for case, file in ((path, "there.html"), ("c", "here.html")):
        assert call("report", case, "--out", str(exported / file)).code == 0
    assert (exported / "there.html").read_bytes() == (exported / "here.html").read_bytes()


def test_an_export_that_withholds_its_data_says_what_it_holds(exported: Path, call: Call) -> None:
    path = str(exported / "kept")
    shown, explained = call("show", path), call("explain", path)
    assert (shown.code, explained.code) == (0, 0)
    assert "LEDGER" not in shown.err + explained.err
    for said in (
        "kept, accepted",
        "Find a number of at least 3 among 3",
        "CERTIFIED",
        "may not leave the site",
    ):
        assert said in " ".join(shown.out.split())
    assert "decision 1" in explained.out
    assert "number 3 of 3" not in shown.out + explained.out
    refused = call("report", path, "--out", str(exported / "no.html"))
    assert (refused.code, "withholds the data of its case" in refused.err) == (2, True)
    assert not (exported / "no.html").exists()


@pytest.mark.parametrize("command", [("show",), ("explain",), ("report", "--out", "no.html")])
def test_an_export_that_was_changed_is_not_shown(
    exported: Path, call: Call, command: tuple[str, ...]
) -> None:
    file = exported / "c" / "data" / "outcome.json"
    file.write_bytes(file.read_bytes() + b" ")
    said = call(command[0], str(exported / "c"), *command[1:])
    assert (said.code, said.out) == (5, "")
    assert "is not what was exported: data/outcome.json was changed" in said.err


def test_a_report_of_an_export_wants_a_file(exported: Path, call: Call) -> None:
    said = call("report", str(exported / "c"))
    assert (said.code, "expected --out FILE" in said.err) == (2, True)
