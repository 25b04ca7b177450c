"""Every fenced block of the documentation is checked by its language; a language without a check fails.

A block that is a part of something says so in a comment above it: `<!-- part-of-policy -->` puts it into a
small policy, `<!-- instance -->` into a problem, `<!-- file: NAME -->` says that it is that file. Python that
imports flows gets a Prefect server; what is marked `<!-- elsewhere -->` is run by the test that makes what it
needs.
"""

import csv
import importlib.util
import io
import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from backends.batch.commands import KEPT
from deployments.setup import stated
from docs.generate import command_tree
from escalation.inputs.document import Document
from escalation.inputs.settings import ROOT
from escalation.inputs.validation import validated
from escalation.model.errors import BadInput, PolicyError
from escalation.model.problem import ProblemFile
from escalation.policy.extending import find_policy
from escalation.policy.policy import parse_policy
from escalation.policy.policy_tests import require_passing
from escalation.ports.configuration import settings, variables
from escalation.ports.registry import families, family

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES.remove(ROOT / "docs/site/index.md")  # only lists the others, for Sphinx
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[\w+-]*)[^`]*$")
MARK = re.compile(r"^\s*<!-- (?P<mark>[a-z-]+(?:: \S+)?) -->\s*$")
FILE = "file: "
"""How the mark of a block begins that is a whole file; `test_add_a_family` puts it there and runs it."""


@dataclass(frozen=True)
class Block:
    """A fenced block: where it is, what it says it is, and the comment above it."""

    page: Path
    line: int
    language: str
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    opened: tuple[int, re.Match[str], str] | None = None
    inside: list[str] = []
    above = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if opened is None:
            fence, mark = FENCE.match(line), MARK.match(line)
            if fence:
                opened, inside = (number, fence, above), []
            elif line.strip():
                above = mark["mark"] if mark else ""
        elif line.strip() == opened[1]["fence"]:
            start, fence, comment = opened
            yield Block(page, start, fence["language"], comment, textwrap.dedent("\n".join(inside)) + "\n")
            opened, above = None, ""
        else:
            inside.append(line)
    assert opened is None, f"{page}: the block that begins in line {opened and opened[0]} has no end"


ELSEWHERE = "elsewhere"
BLOCKS = [block for page in PAGES for block in blocks_of(page)]

GATE = """
policy: snippet
summary: A frame for a part of a policy.
tiers: [hpc, ai, quantum]
backends: {local_call: local, mpi_program: mpi, circuit_batch: ibm_runtime:fake_boston}
gates:
  - id: stands_by
    tier: quantum
    because: A gate for waivers and tests to name.
    when: {fact: quote.simulation_log2, above: 40}
"""


def check_yaml(block: Block) -> None:
    """A whole policy or problem, or a part named by the comment above."""
    data = yaml.safe_load(block.text)
    mark = block.mark or ("problem" if "family" in data else "policy")
    if mark == "policy":
        require_passing(parse_policy(block.text, str(block)))
    elif mark in ("problem", "instance"):
        check_problem(block, data if mark == "problem" else framed_instance(data))
    elif mark == "part-of-policy":
        frame = yaml.safe_load(GATE)
        for name, value in data.items():
            frame[name] = [*frame[name], *value] if name == "gates" else value
        require_passing(parse_policy(yaml.safe_dump(frame, sort_keys=False), str(block)))
    elif mark == "deployment":
        known = [{name: each[name] for name in ("name", "entrypoint", "description")} for each in stated()]
        assert all({name: each[name] for name in known[0]} in known for each in data), str(block)
    else:
        pytest.fail(f"{block}: unknown mark {mark!r}")


def framed_instance(instance: Any) -> dict[str, Any]:
    """A problem around an instance of a table."""
    target = {"metric": "roc_auc", "at_least": 0.8}
    return {"family": "prediction", "target": target, **instance}


def check_problem(block: Block, data: Any) -> None:
    """What can be known without the data: fields, target, instance, policy."""
    file = validated(ProblemFile, Document(str(block), yaml.safe_dump(data)))
    asked = family(file.family)
    asked.check_target(file.target)
    families()[file.family].check_instance(file.instance)
    if file.policy is not None:
        find_policy(file.policy)


def check_console(block: Block) -> None:
    """In a transcript the lines that begin with `$` are commands, the rest is output."""
    lines = joined(block.text)
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    assert commands, f"{block}: expected a command after a '$ '"
    for command in commands:
        check_command(block, command)


def check_sh(block: Block) -> None:
    """Every line is a command."""
    for line in joined(block.text):
        if line.strip() and not line.startswith("#"):
            check_command(block, line)


def joined(text: str) -> list[str]:
    return text.replace("\\\n", " ").splitlines()


def check_command(block: Block, line: str) -> None:
    """Each command of a line exists, with its options; a bar within a word parts what may stand there."""
    for part in re.split(r"&&|\|\||;|\s\|\s", re.sub(r"(^|\s)#.*", "", line)):
        words = shlex.split(part.replace("[", " ").replace("]", " "))
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words = words[1:]
        if not words:
            continue
        name = Path(words[0]).name
        assert name in COMMANDS, f"{block}: unknown command {name!r} in {line!r}"
        COMMANDS[name](block, words[1:])


def check_tierwise(block: Block, words: list[str]) -> None:
    tree = {" ".join(path): command for path, command in command_tree()}
    if words in ([], ["--help"], ["--version"], ["--install-completion"]):
        return
    name = next((n for n in (" ".join(words[:2]), words[0]) if n in tree), None)
    assert name is not None, f"{block}: tierwise has no command {' '.join(words)!r}"
    known = {"--help"} | {opt for parameter in tree[name].params for opt in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{block}: tierwise {name} has no option {word}"
    check_files(block, words)
    if "--policy" in words:
        value = words[words.index("--policy") + 1]
        assert value == "POLICY" or value.endswith(".yaml") or find_policy(value).exists()


def check_files(block: Block, words: list[str]) -> None:
    """Files of the checkout that a command names are there, or made by the page."""
    made_here = {each.mark.removeprefix(FILE) for each in blocks_of(block.page)}
    for word in words:
        if re.match(r"(examples|policies|tests|docs|bench)/", word) and word not in made_here:
            assert (ROOT / word.partition("::")[0]).exists(), f"{block}: no such file {word}"


def check_make(block: Block, words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = [word for word in words if "=" not in word]
    assert set(asked) <= targets, f"{block}: make knows {sorted(targets)}, not {asked}"


def check_python_command(block: Block, words: list[str]) -> None:
    assert words[:1] == ["-m"], f"{block}: expected python -m MODULE, got {words}"
    assert importlib.util.find_spec(words[1]) is not None, f"{block}: no module {words[1]}"
    if words[1] == "tierwise":
        check_tierwise(block, words[2:])


def check_mlflow(block: Block, words: list[str]) -> None:
    """MLflow's pages and models are shown on the loopback alone, and from where the records are."""
    if words[:2] == ["models", "serve"]:
        options = dict(zip(words[2::2], words[3::2], strict=True))
        assert options.get("--host", "127.0.0.1") == "127.0.0.1"
        assert options.keys() <= {"--model-uri", "--env-manager", "--host", "--port"}, str(block)
        return
    assert words[0] == "ui", f"{block}: expected mlflow ui or mlflow models serve"
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--host"] == "127.0.0.1"
    assert options["--backend-store-uri"] == "sqlite:///mlruns/mlflow.db"


def check_uv(block: Block, words: list[str]) -> None:
    """Groups of dependencies that are added to the environment are stated."""
    assert words[:2] == ["pip", "install"], f"{block}: expected uv pip install, got {words}"
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert words[2::2] == ["--group"] * len(words[3::2]), f"{block}: expected groups, got {words[2:]}"
    assert set(words[3::2]) <= groups.keys(), f"{block}: pyproject.toml has the groups {sorted(groups)}"


def check_prefect(block: Block, words: list[str]) -> None:
    """Deployments that are run are those that are made."""
    if words[:2] != ["deployment", "run"]:
        assert words[:2] in (["deployment", "ls"], ["deploy", "--all"]), f"{block}: unchecked: {words}"
        return
    assert words[2] in deployments(), f"{block}: expected one of {deployments()}, got {words[2]}"


def deployments() -> set[str]:
    """`flow/deployment` of everything that is deployed."""
    return {f"{each['entrypoint'].rsplit('.', 1)[1]}/{each['name']}" for each in stated()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_deployments_that_are_called_are_there(page: Path) -> None:
    called = re.findall(r"run_deployment\(\s*[\"']([^\"']+)", page.read_text(encoding="utf-8"))
    assert set(called) <= deployments(), f"expected some of {deployments()}, got {called}"


def nothing_to_check(block: Block, words: list[str]) -> None:
    check_files(block, words)


COMMANDS: Mapping[str, Callable[[Block, list[str]], None]] = {
    "tierwise": check_tierwise,
    "make": check_make,
    "python": check_python_command,
    "mlflow": check_mlflow,
    "prefect": check_prefect,
    "uv": check_uv,
    **dict.fromkeys(("pytest", "ruff", "mypy", "lint-imports", "cp", "cat", "echo", "cd"), nothing_to_check),
    **dict.fromkeys(("git", "export", "source", "curl", "createdb", "head"), nothing_to_check),
    **dict.fromkeys(("openssl", "sha256sum", "python3", "bagit.py", "rocrate-validator"), nothing_to_check),
    **dict.fromkeys(("useradd", "install", "systemctl", "podman", "apptainer"), nothing_to_check),
}


def check_json(block: Block) -> None:
    """It parses."""
    json.loads(block.text)


def check_toml(block: Block) -> None:
    """It parses, and says something."""
    assert tomllib.loads(block.text), f"{block}: an empty table"


def check_ini(block: Block) -> None:
    """Variables of a service: ours, Prefect's, a batch system's, and options in its unit's command."""
    for line in block.text.splitlines():
        name, is_one, value = line.partition("=")
        if line and not line.startswith("#"):
            known = name in {*KEPT, *(variable for variable, *_ in variables())}
            known = known or bool(re.fullmatch(r"PREFECT_[A-Z_]+|(SERVE|WORKER)_OPTIONS", name))
            assert (known, is_one, bool(value)) == (True, "=", True), f"{block}: {line!r}"


def check_csv(block: Block) -> None:
    """A table: a header, and lines as wide as it."""
    rows = list(csv.reader(io.StringIO(block.text), strict=True))
    assert len(rows) > 1, f"{block}: expected a header and rows"
    assert {len(row) for row in rows} == {len(rows[0])}, f"{block}: lines of different widths"


def check_text(block: Block) -> None:
    """Output and sketches; nothing of any machine's own is in them (see test_links)."""
    assert block.text.strip(), f"{block}: an empty block"


def check_mermaid(block: Block) -> None:
    """A diagram of a kind that GitHub draws, its brackets in pairs."""
    assert block.text.split()[0] in ("flowchart", "graph", "sequenceDiagram", "stateDiagram-v2"), str(block)
    for opening, closing in ("[]", "()", "{}"):
        assert block.text.count(opening) == block.text.count(closing), f"{block}: {opening}{closing}"


CHECKS: Mapping[str, Callable[[Block], None]] = {
    "yaml": check_yaml,
    "console": check_console,
    "sh": check_sh,
    "json": check_json,
    "toml": check_toml,
    "ini": check_ini,
    "csv": check_csv,
    "text": check_text,
    "mermaid": check_mermaid,
}


@pytest.mark.parametrize(
    "block",
    [
        each
        for each in BLOCKS
        if each.language != "python" and each.mark != ELSEWHERE and not each.mark.startswith(FILE)
    ],
    ids=str,
)
def test_block_is_right(block: Block) -> None:
    assert block.language in CHECKS, f"{block}: nothing checks {block.language!r} blocks"
    CHECKS[block.language](block)


def runs_here(block: Block) -> bool:
    """Whether it is Python to be run with the rest of its page."""
    return block.language == "python" and block.mark != ELSEWHERE and not block.mark.startswith(FILE)


PYTHON = sorted({block.page for block in BLOCKS if runs_here(block)})


@pytest.mark.parametrize("page", PYTHON, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_of_a_page_runs_from_top_to_bottom(
    page: Path,
    tmp_path: Path,
    new_home: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("TIERWISE_HOME", str(new_home(tmp_path / "home")))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    namespace: dict[str, Any] = {"__name__": "snippet"}
    try:
        for block in blocks_of(page):
            if runs_here(block):
                if re.search(r"^(from|import) (flows|prefect)\b", block.text, re.MULTILINE):
                    request.getfixturevalue("on_server")
                # padded, so that a traceback shows the page's own line
                exec(compile("\n" * block.line + block.text, str(block.page), "exec"), namespace)
    finally:
        settings.cache_clear()


INLINE = re.compile(r"(?<!`)`((?:\S*/)?(?:tierwise|make|mlflow|prefect|python -m) [^`\n]+)`(?!`)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_named_in_the_text_exist(page: Path) -> None:
    for found in INLINE.finditer(page.read_text(encoding="utf-8")):
        check_command(Block(page, 0, "sh", "", ""), found[1].replace("…", ""))


def made(language: str, text: str, mark: str = "") -> Block:
    return Block(ROOT / "README.md", 1, language, mark, text)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (made("sh", "tierwise solv x.yaml"), AssertionError),
        (made("sh", "tierwise solve x.yaml --polcy default"), AssertionError),
        (made("sh", "tierwise solve examples/no_such.yaml"), AssertionError),
        (made("sh", "make everything"), AssertionError),
        (made("sh", "rm -rf x"), AssertionError),
        (made("console", "$ tierwise casez\nno cases yet"), AssertionError),
        (
            made("sh", "mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db --host 0.0.0.0"),
            AssertionError,
        ),
        (made("json", "{'a': 1}"), ValueError),
        (made("toml", "[a\n"), ValueError),
        (made("csv", "a,b\n1\n"), AssertionError),
        (
            made("yaml", "family: toy\ninstance: {numbers: [1]}\ntarget: {metric: number, at_least: 1}"),
            BadInput,
        ),
        (made("yaml", "gates: [{id: a, tier: hpc, because: too short}]", "part-of-policy"), PolicyError),
    ],
)
def test_a_wrong_block_is_found(block: Block, error: type[Exception]) -> None:
    with pytest.raises(error):
        CHECKS[block.language](block)
