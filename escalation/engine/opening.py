"""From what a user gave to a case that can be driven: everything is validated before anything is written."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from escalation.engine.case import Case
from escalation.engine.foreseeing import foreseen
from escalation.inputs.document import Document, shown
from escalation.inputs.environment import environment
from escalation.inputs.input_files import InputFiles, KeptFiles, RecordedFiles, by_every_name
from escalation.inputs.places import Places, address_of
from escalation.inputs.settings import ROOT
from escalation.inputs.validation import parse, validated
from escalation.model.case import CaseInfo
from escalation.model.clock import boottime_s
from escalation.model.complaints import apart, settle, wrong
from escalation.model.errors import BadInput
from escalation.model.problem import Problem, ProblemFile
from escalation.model.texts import Line
from escalation.policy.policy import LoadedPolicy, load_policy, parse_policy
from escalation.policy.policy_tests import require_passing
from escalation.ports.configuration import mpi_ranks, settings
from escalation.ports.registry import backend_packages, current_name, target_in_words
from escalation.ports.registry import family as find_family
from escalation.ports.store import Store

DEFAULT_POLICY = "default"


def read_problem(path: Path) -> Problem:
    """Reads a problem file; raises `BadInput` naming file and line."""
    return validated(Problem, Document.read(path))


def read_problem_file(path: Path) -> tuple[Problem, str | None]:
    """Reads a problem file that may name its policy; raises `BadInput` naming file and line."""
    file = validated(ProblemFile, Document.read(path))
    return file.problem(), file.policy


def read_problem_anywhere(name: str, folder: Path) -> tuple[Problem, str | None, Path]:
    """Reads a problem file that lies where files of problems may lie, uploads and allowed addresses too.

    Returns the problem, the policy that it names, and the folder where its relative paths start.

    Raises:
        BadInput: naming file and line.
    """
    places = Places(settings().uploads, settings().file_addresses)
    if address_of(name):
        with InputFiles(folder, None, places).reading():
            return *read_problem_file(folder / name), folder
    path = places.found(name, folder)
    return *read_problem_file(path), path.resolve().parent


def parse_problem(data: Any) -> Problem:
    """Takes a problem as an object or as plain data; raises `BadInput` with one line."""
    return data if isinstance(data, Problem) else _of_today(parse(Problem, data, "problem"))


def parse_with_policy(data: Any) -> tuple[Problem, str | None]:
    """Takes a problem that may name its policy, as a problem file does; raises `BadInput` with one line."""
    if isinstance(data, Problem) and not isinstance(data, ProblemFile):
        return data, None
    stated = data if isinstance(data, ProblemFile) else parse(ProblemFile, data, "problem")
    return _of_today(stated.problem()), stated.policy


def _of_today(problem: Problem) -> Problem:
    """With the name that the family has now: it is part of a problem's identity."""
    return problem.model_copy(update={"family": current_name(problem.family)})


def choose_policy(asked: str | None, stated: str | None, folder: Path) -> str | Path:
    """The policy asked for, else the problem's own (a file in its folder before a name), else `default`."""
    if asked is not None or stated is None:
        return asked or DEFAULT_POLICY
    beside = folder / stated
    return beside if os.path.exists(beside) else stated


def prepare(
    problem: Problem,
    policy: str | Path | LoadedPolicy = DEFAULT_POLICY,
    case_id: str | None = None,
    folder: Path | None = None,
    engine: str = "plain",
    *,
    kept: KeptFiles | None = None,
) -> Case:
    """Validates problem, policy and instance, and returns the case; writes nothing.

    Args:
        problem: what is asked.
        policy: a loaded policy, the name of one that ships, or a file.
        case_id: to take a case up again; None makes a new id.
        folder: where relative paths of the instance start; default: the current folder.
        engine: who will drive the ladder, for the record.
        kept: the files of the case that is taken up again.

    Raises:
        BadInput: with one clear line.
    """
    begun_s = boottime_s()
    with apart():
        loaded = policy if isinstance(policy, LoadedPolicy) else load_policy(policy)
        require_passing(loaded, problem.family)
    family = find_family(problem.family)
    with apart():
        family.check_target(problem.target)
    folder = (folder or Path.cwd()).resolve()
    files = files_of(folder, kept)
    with apart(), files.reading():
        instance = family.load(problem.instance, problem.seed, folder)
    settle()
    described = dict(instance.describe())
    info = CaseInfo(
        case_id=_checked_id(case_id) if case_id else new_case_id(problem),
        problem=problem,
        problem_digest=problem.digest,
        instance_digest=instance.digest,
        instance=described,
        data_digest=str(described.get("data", "")),
        files=files.digests,
        about=_line(instance.about()),
        asked=target_in_words(problem.family, problem.target),
        title=_line(family.asked(instance, problem.target)),
        policy_name=loaded.policy.policy,
        policy_digest=loaded.policy.digest,
        policy_text=loaded.text,
        environment={**environment(engine, backend_packages()), "folder": str(folder), "ranks": mpi_ranks()},
    )
    view = family.view(instance, problem.target)
    case = Case(info, loaded.policy, loaded.path, family, instance, view, begun_s, files=files)
    if not case.rungs():
        raise BadInput(f"policy {loaded.policy.policy!r} leaves no method for {problem.family!r} to try")
    return foreseen(case)


def files_of(folder: Path, kept: KeptFiles | None = None) -> InputFiles:
    """The files that an instance may name, relative ones from a folder on; see `prepare`."""
    return InputFiles(folder, kept, Places(settings().uploads, settings().file_addresses))


def prepare_file(
    path: Path,
    policy: str | None,
    case_id: str | None = None,
    engine: str = "plain",
    *,
    kept: KeptFiles | None = None,
) -> Case:
    """Reads and checks a problem file, and returns its case; relative paths inside it start at its folder.

    Args:
        path: of the file.
        policy: wins over the one that the file names.
        case_id: as for `prepare`.
        engine: as for `prepare`.
        kept: as for `prepare`.

    Raises:
        BadInput: with one clear line that names the file.
    """
    problem, named = read_problem_file(path)
    chosen = choose_policy(policy, named, path.parent)
    with naming(path):
        return prepare(problem, chosen, case_id, path.resolve().parent, engine, kept=kept)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Has bad input inside the block name a problem file, where it does not yet and nobody collects it."""
    try:
        yield
    except BadInput as error:
        if str(path) in str(error) or wrong():
            raise
        raise type(error)(f"{path}: {error}") from None


def prepare_again(info: CaseInfo, store: Store, engine: str = "plain") -> Case:
    """The case of a record, to go on with it on any machine: problem and policy are in the record, files in
    the store.

    Raises:
        BadInput: when they cannot be used any more.
        CorruptRecord: when the store has not what the record names.
    """
    policy = parse_policy(info.policy_text, info.policy_name)
    folder = Path(str(info.environment.get("folder", ROOT)))
    kept = RecordedFiles(by_every_name(info), store.get)
    case = prepare(info.problem, policy, info.case_id, folder, engine, kept=kept)
    return case.as_recorded(info)


ABOUT_CHARACTERS = 160
"""Names of files and columns may be of any length; a line of a list may not."""


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= ABOUT_CHARACTERS else f"{line[: ABOUT_CHARACTERS - 1]}…"


def new_case_id(problem: Problem) -> str:
    """A readable id: family, the start of the problem's digest, and something unique."""
    return f"{problem.family}-{problem.digest[:6]}-{secrets.token_hex(5)}"


def _checked_id(case_id: str) -> str:
    case_id = parse(Line, case_id, "case id")
    allowed = all(c.isascii() and (c.isalnum() or c in "-_.") for c in case_id)
    if not allowed or not 1 <= len(case_id) <= 80 or case_id[0] in "-.":
        said = shown(case_id, quoted=True)
        raise BadInput(f"case id {said}: expected up to 80 letters, digits, '-', '_' or '.'")
    return case_id
