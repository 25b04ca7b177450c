"""`tierwise solve`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from cli.files import require_room
from cli.outcome import answer_files
from cli.show import show_outcome
from cli.submissions import handed_off
from cli.tables import TableAsked, is_table
from cli.terminal import terminal
from cli.trace import Trace
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.listening import Listener
from escalation.engine.opening import (
    DEFAULT_POLICY,
    parse_problem,
    prepare,
    prepare_again,
    prepare_file,
)
from escalation.model.case import CaseStatus, Outcome
from escalation.model.clock import boottime_s
from escalation.model.errors import BadInput, first_line
from escalation.policy.policy import load_policy
from escalation.ports.configuration import settings
from escalation.text.commands import hint
from records.earlier import EarlierFiles
from records.runtime import open_records, open_runtime

EXIT = {
    CaseStatus.ACCEPTED: 0, CaseStatus.ABSTAINED: 3, CaseStatus.REFUSED: 3, CaseStatus.HELD: 4,
    CaseStatus.WAITING: 5, CaseStatus.INTERRUPTED: 6,
}  # fmt: skip


@dataclass(frozen=True)
class Showing:
    """What is printed, and where an answer goes.

    Attributes:
        as_json: one JSON object a problem, and nothing else.
        quiet: one line a problem.
        out: folder for the files of the answers; None: they stay in the store.
    """

    as_json: bool = False
    quiet: bool = False
    out: Path | None = None

    @property
    def aside(self) -> Console | None:
        """Where progress goes: standard error, unless a program reads what comes."""
        console = terminal(stderr=True)
        return None if self.quiet or (self.as_json and not console.is_terminal) else console


def solve_or_stop(
    paths: list[Path],
    policy: str | None,
    case_id: str | None,
    *,
    engine: str,
    asked: TableAsked,
    showing: Showing,
) -> int:
    """Solves problems; on Ctrl-C everything has been stopped, and 130 is returned."""
    try:
        return solve_files(paths, policy, case_id, engine=engine, asked=asked, showing=showing)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; take the case up again with --case (ids: `tierwise cases`)\n")
        return 130


def solve_files(
    paths: list[Path],
    policy: str | None,
    case_id: str | None,
    *,
    engine: str,
    asked: TableAsked | None = None,
    showing: Showing | None = None,
) -> int:
    """Validates all the problems, then solves them in order; returns the exit code, the worst of them.

    Args:
        paths: problem files and tables; none: the case goes on.
        policy: wins over the one that a file names.
        case_id: of the case.
        engine: who drives the ladder.
        asked: what is asked of a table.
        showing: what is printed, and where answers go.

    Raises:
        BadInput: before anything is solved.
    """
    showing, asked = showing or Showing(), asked or TableAsked()
    _check_combination(paths, policy, case_id)
    if not any(map(is_table, paths)):
        asked.refuse()
    if showing.out is not None:
        require_room(showing.out, own=len(paths) <= 1)
    engine = choose_engine(engine)
    cases = [_prepared(path, policy, case_id, asked, engine) for path in paths]
    cases = cases or [_again(str(case_id), engine)]
    say_beforehand()
    console = terminal(stderr=showing.as_json, quiet=showing.as_json or showing.quiet)
    aside = showing.aside
    codes: list[int] = []
    ready_s = boottime_s()
    with _solver(engine, console) as solve_case:
        names = [str(path) for path in paths] or [f"case {case_id}"]
        for name, case in zip(names, cases, strict=True):
            waited_s = boottime_s() - ready_s if codes else 0.0  # for the cases before it
            with Trace(console, name, case, aside) as trace:
                outcome = solve_case(replace(case, begun_s=case.begun_s + waited_s), trace)
            _show(console, case, outcome, showing, alone=len(cases) == 1)
            codes.append(EXIT[outcome.status])
    return max(codes)


def _prepared(path: Path, policy: str | None, case_id: str | None, asked: TableAsked, engine: str) -> Case:
    kept = EarlierFiles(case_id) if case_id else None
    if not is_table(path):
        return prepare_file(path, policy, case_id, engine, kept=kept)
    try:
        problem = parse_problem(asked.problem(path))
        return prepare(problem, policy or DEFAULT_POLICY, case_id, Path.cwd(), engine, kept=kept)
    except BadInput as error:
        said = {"--policy": policy, "--case": case_id}
        more = [word for name, value in said.items() if value is not None for word in (name, str(value))]
        raise BadInput(f"{error}; {_what_to_do(path, asked, more)}") from None


def _what_to_do(path: Path, asked: TableAsked, more: list[str]) -> str:
    """The whole command that would be taken, where it is known; else where all that is wrong is shown."""
    better = asked.mended(path)
    if better is not None:
        return f"if you agree: {better.command(path, *more)}"
    target = asked.columns.get("target")
    named = ["--target", str(target)] if target else []
    return f"`{hint('inspect', path, *named)}` shows all that is wrong at once"


def _show(console: Console, case: Case, outcome: Outcome, showing: Showing, *, alone: bool) -> None:
    """Prints the outcome as it was asked for, and writes the answer's files."""
    if showing.as_json:
        sys.stdout.write(json.dumps(outcome.summary()) + "\n")
    elif showing.quiet:
        sys.stdout.write(in_a_line(outcome) + "\n")
    else:
        show_outcome(console, case.info, outcome, handed_off(outcome.case_id))
    sys.stdout.flush()
    if showing.out is None:
        return
    to_stderr = showing.as_json or showing.quiet
    folder = showing.out if alone else showing.out / outcome.case_id
    for line in answer_files(outcome, folder) if outcome.files else ["this answer has no files"]:
        (sys.stderr if to_stderr else sys.stdout).write(line + "\n")


def in_a_line(outcome: Outcome) -> str:
    """What a case came to, for who wants no more: status, id, who answered, with what bound."""
    who = f" {outcome.tier}/{outcome.method}" if outcome.tier else ""
    value = outcome.certificate.value if outcome.certificate else None
    return f"{outcome.status} {outcome.case_id}{who}{'' if value is None else f' {value:.6g}'}"


def _check_combination(paths: list[Path], policy: str | None, case_id: str | None) -> None:
    if case_id and len(paths) > 1:
        raise BadInput(f"--case {case_id}: expected one problem file with it, got {len(paths)}")
    if not paths and not case_id:
        raise BadInput("expected a problem file, or --case with the id of a case to go on with")
    if not paths and policy:
        raise BadInput("--policy: expected a problem file with it; --case alone goes on under its own policy")


def _again(case_id: str, engine: str) -> Case:
    """The case of that id, or of the only one that begins so, from its record alone."""
    with open_records() as (ledger, store):
        return prepare_again(ledger.case(ledger.whole_id(case_id)).info, store, engine)


def say_beforehand() -> None:
    """Says what keeps no case from being solved, and should not go unseen."""
    _say_older()
    name = settings().shadow_policy
    if name is not None:
        try:
            load_policy(name)
        except BadInput as error:
            sys.stderr.write(
                f"remark: TIERWISE_SHADOW_POLICY: {first_line(error, typed=False)}; no shadow is asked\n"
            )


def _say_older() -> None:
    """Says, before anything is solved, that the ledger is older than a signed head, or one is in doubt."""
    with open_records() as (ledger, _):
        lacking = ledger.lacking()
    if lacking:
        sys.stderr.write(f"remark: {lacking}; nothing is spent on it: see `tierwise ledger check`\n")


def choose_engine(asked: str) -> str:
    """Who drives the ladder: what was asked for, or of `auto` Prefect where a server can be used."""
    if asked != "auto":
        return asked
    from flows.engine import server_url, what_is_wrong

    url = server_url()
    wrong = "" if url is None else what_is_wrong(url, 1.0)
    if wrong:
        sys.stderr.write(f"remark: {wrong}; solved in this process\n")
    return "plain" if url is None or wrong else "prefect"


@contextmanager
def _solver(engine: str, console: Console) -> Iterator[Callable[[Case, Listener], Outcome]]:
    """What solves one case after another, with one runtime for all of them."""
    with ExitStack() as stack:
        if engine == "prefect":
            from cli.prefect_engine import prefect_engine

            yield stack.enter_context(prefect_engine(console))
        else:
            yield partial(solve, stack.enter_context(open_runtime()))
