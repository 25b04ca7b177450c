"""How the command line behaves for whoever types: examples, beginnings of ids, templates, tables, files."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from unittest.mock import Mock

import pytest

from cli.examples import EXAMPLES, PANELS
from cli.new import templates
from cli.table_options import DataClassName
from cli.tables import TableAsked
from docs.generate import command_tree
from escalation.engine.checking import check_file
from escalation.engine.opening import parse_problem, prepare
from escalation.inputs.settings import ROOT
from escalation.model.case import Outcome
from escalation.model.problem import DataClass
from escalation.ports.registry import families
from records.runtime import open_records
from tests.cli.conftest import Said

TABLE = "age,ill\n" + "".join(f"{20 + row * 7 % 50},{int(row % 3 == 0)}\n" for row in range(100))


def test_every_command_has_examples_of_commands_and_options_that_there_are() -> None:
    tree = {" ".join(words): command for words, command in command_tree()}
    assert set(EXAMPLES) == set(tree)
    for name, lines in EXAMPLES.items():
        for line in lines:
            words = [word for word in shlex.split(line.partition(" > ")[0]) if "=" not in word]
            assert words[: 1 + len(name.split())] == ["tierwise", *name.split()]
            known = {option for each in tree[name].params for option in each.opts}
            assert {word for word in words if word.startswith("--")} <= known


def test_every_command_stands_under_a_heading() -> None:
    assert {name for names in PANELS.values() for name in names} == {words[0] for words, _ in command_tree()}


def test_help_shows_the_examples(call: Callable[..., Said]) -> None:
    said = call("policy", "show", "--help")
    assert said.code == 0
    assert "tierwise policy show default" in said.out


def test_the_version_is_that_of_the_distribution(call: Callable[..., Said]) -> None:
    said = call("--version")
    assert said.code == 0
    assert said.out.startswith(f"tierwise {version('tierwise')} (Python 3.")


@pytest.fixture
def alike(solved: Outcome, home: Path) -> None:
    """Cases `case-1` and `case-12` beside `c`."""
    del solved, home
    with open_records() as (ledger, _):
        info = ledger.case("c").info
        for name in ("case-1", "case-12"):
            ledger.open_case(info.model_copy(update={"case_id": name}))


@pytest.mark.usefixtures("alike")
def test_the_beginning_of_an_id_will_do_where_no_other_begins_so(call: Callable[..., Said]) -> None:
    assert "case-12 is" in call("explain", "case-12").out
    assert "case-1 is" in call("explain", "case-1").out  # an id that is whole comes before others
    assert "c is abstained" in call("explain", "c").out
    several = call("explain", "case")
    assert several.code == 2
    assert "case-1 and case-12" in several.err or "case-12 and case-1" in several.err
    assert "got 'CASE'" in call("explain", "CASE").err  # ids tell capitals apart


SHELLS = {
    "complete_bash": lambda words: {
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - (words[-1] != " ")),
    },
    "complete_zsh": lambda words: {"_TYPER_COMPLETE_ARGS": words},
    "complete_fish": lambda words: {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}
"""What each shell's script tells of the words that are typed."""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_is_offered_what_can_stand_there(
    shell: str, solved: Outcome, tmp_path: Path, call: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("")
    monkeypatch.setenv("_TIERWISE_COMPLETE", shell)
    for typed, offered in (
        ("tierwise inspe", "inspect"),
        ("tierwise explain ", solved.case_id),
        ("tierwise solve --case ", solved.case_id),
        ("tierwise new opt", "optimisation"),
        ("tierwise cases --family ", "prediction"),
        ("tierwise solve x.yaml --policy def", "default"),
        ("tierwise policy check m", "mine.yaml"),
        ("tierwise policy diff default re", "rehearsal"),
        ("tierwise devices --history ibm_runtime:fake_stras", "ibm_runtime:fake_strasbourg"),
    ):
        for name, value in SHELLS[shell](typed).items():
            monkeypatch.setenv(name, value)
        told = call().out.replace("\\", "")  # zsh has its colons escaped
        assert re.search(rf"(^|[\s\"']){re.escape(offered)}", told), (shell, typed)


@pytest.mark.parametrize("family", sorted(name for name, each in families().items() if each.shipped))
def test_templates_of_each_family_can_be_solved_as_they_stand(
    family: str, call: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, text in templates(families()[family]).items():
        assert text.startswith("# ")
        assert call("new", family, kind).code == 0
        assert check_file(Path(f"{kind}.yaml")).complaints == ()
        again = call("new", family, kind)
        assert again.code == 2
        assert "nothing is overwritten" in again.err


def test_a_family_without_templates_gives_its_sample(call: Callable[..., Said], tmp_path: Path) -> None:
    unknown = call("new", "alchemy")
    assert unknown.code == 2
    assert "alchemy" in unknown.err
    assert call("new", "toy", "gold", "--out", str(tmp_path / "x.yaml")).code == 2
    assert call("new", "toy", "--out", str(tmp_path / "t.yaml")).code == 0
    said = call("solve", str(tmp_path / "t.yaml"), "--quiet", "--engine", "plain")
    assert said.code == 0
    assert said.out.split()[0] == "accepted"
    assert said.out.count("\n") == 1


def test_a_table_is_solved_without_a_problem_file(
    call: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(TABLE)
    assert "expected --target" in call("solve", "t.csv", "--at-least", "0.8").err
    assert "expected --at-least" in call("solve", "t.csv", "--target", "ill").err
    wrong = call("solve", "t.csv", "--target", "age", "--at-least", "0.8")
    assert "expected two classes" in wrong.err
    assert "tierwise inspect t.csv" in wrong.err
    asked = TableAsked({"target": "ill", "drop": []}, {"at_least": 0.8, "metric": None}, {"seed": 3})
    case = prepare(parse_problem(asked.problem(Path("t.csv"))), folder=tmp_path)
    stated = case.info.problem
    assert stated.instance == {"csv": "t.csv", "target": "ill"}
    assert (stated.target.metric, stated.target.at_least, stated.seed) == ("roc_auc", 0.8, 3)


def test_what_a_table_was_asked_wrongly_is_mended_by_one_command_to_paste(
    call: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that is printed is read as a shell reads it, and asks what can be solved."""
    monkeypatch.chdir(tmp_path)
    rows = [f"{row},P{row // 2},{row * 7 % 61},{'Yes' if row % 3 else 'Maybe'}" for row in range(120)]
    Path("my visits.csv").write_text("\n".join(["visit no,who,age,Fell", *rows]) + "\n", encoding="utf-8")
    for words in (
        ["--target", "fell", "--at-least", "0.7"],
        ["--at-least", "0.7"],
        ["--target", "Fell", "--positive", "yes", "--group", "Who"],
    ):
        said = call("solve", "my visits.csv", *words)
        assert said.code == 2
        pasted = shlex.split(said.err.partition("; if you agree: ")[2])
        assert pasted[:3] == ["tierwise", "solve", "my visits.csv"]
        options: dict[str, list[str]] = {}
        for name, value in zip(pasted[3::2], pasted[4::2], strict=True):
            options.setdefault(name, []).append(value.strip())
        assert options["--target"] == ["Fell"]
        assert options["--drop"][0] == "visit no"
        assert options.get("--group", ["who"]) == ["who"]
        columns = {
            "target": "Fell",
            "drop": options["--drop"],
            "group": "who" if "--group" in options else None,
        }
        asked = TableAsked(columns, {"at_least": float(options["--at-least"][0])})
        stated = parse_problem(asked.problem(Path("my visits.csv")))
        assert prepare(stated, folder=tmp_path).info.instance["positive"] == "Yes"


def test_what_no_option_mends_has_no_command(call: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text(TABLE)
    said = call("solve", str(tmp_path / "a b.csv"), "--target", "age", "--at-least", "0.8")
    assert "if you agree" not in said.err
    assert f"`tierwise inspect '{tmp_path}/a b.csv' --target age`" in said.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--at-least", "3"], "roc_auc lies between 0 and 1"),
        (["--at-least", "0.1", "--metric", "brier"], "brier is reached with at_most"),
        (["--at-least", "0.8", "--positive", "2"], "expected one of '0' and '1', got '2'"),
        (["--at-least", "0.8", "--drop", "age", "--drop", "name"], "drop column 'name' is missing"),
        (["--at-least", "0.8", "--group", "name"], "group column 'name' is missing"),
        (["--at-least", "0.8", "--time", "day"], "time column 'day' is missing"),
        (["--at-least", "0.8", "--confidence", "2"], "target.confidence"),
        (["--at-least", "0.8", "--seed", "-1"], "seed: "),
    ],
)
def test_each_option_of_a_table_is_the_field_of_a_problem_file(
    call: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(TABLE)
    found = call("solve", "t.csv", "--target", "ill", "--engine", "plain", *options)
    assert found.code == 2
    assert said in found.err


def test_an_answer_is_written_as_files_when_it_is_there(
    call: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("new", "optimisation", "max_cut").code == 0
    said = call("solve", "max_cut.yaml", "--quiet", "--engine", "plain", "--out", "answer")
    assert said.code == 0
    assert said.out.startswith("accepted optimisation-")
    assert said.out.count("\n") == 1
    rows = (tmp_path / "answer" / "answer.csv").read_text().splitlines()
    assert len(rows) == 1 + 6
    assert "answer/answer.csv (" in said.err


def test_options_of_a_table_are_refused_beside_a_problem_file(call: Callable[..., Said]) -> None:
    said = call("solve", str(ROOT / "examples" / "clinic.yaml"), "--na", "-9")
    assert said.code == 2
    assert "--na: expected with a table" in said.err


@pytest.mark.usefixtures("solved")
def test_open_says_where_the_report_is_and_shows_it_where_there_is_a_browser(
    call: Callable[..., Said], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    path = home / "reports" / "c.html"
    assert call("open", "c").out.strip() == str(path)
    assert opened == []
    monkeypatch.setenv("DISPLAY", ":7")
    assert call("open", "c").code == 0
    assert opened == [path.as_uri()]


def test_classes_of_data_that_can_be_asked_for_are_those_of_a_problem() -> None:
    assert list(map(str, DataClassName)) == list(map(str, DataClass))


def test_ctrl_c_is_one_line_before_there_is_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import tierwise

    monkeypatch.setattr(tierwise, "_run", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(SystemExit) as ended:
        tierwise.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "stopped\n"


def test_to_import_the_start_imports_nothing_that_takes_time() -> None:
    code = (
        "import sys, tierwise; print([n for n in ('typer', 'rich', 'cli', 'escalation') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
