"""`tierwise solve`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from cli.show import Trace, show_outcome
from cli.submissions import handed_off
from cli.terminal import terminal
from escalation.engine.case import Case
from escalation.engine.drive import solve
from escalation.engine.listening import Listener
from escalation.engine.opening import prepare_again, prepare_file
from escalation.model.case import CaseStatus, Outcome
from escalation.model.clock import boottime_s
from escalation.model.errors import BadInput, first_line
from escalation.policy.policy import load_policy
from escalation.ports.configuration import settings
from records.earlier import EarlierFiles
from records.runtime import head_signer, open_records, open_runtime

EXIT = {
    CaseStatus.ACCEPTED: 0, CaseStatus.ABSTAINED: 3, CaseStatus.REFUSED: 3, CaseStatus.HELD: 4,
    CaseStatus.WAITING: 5, CaseStatus.INTERRUPTED: 6,
}  # fmt: skip


def solve_or_stop(
    paths: list[Path], policy: str | None, case_id: str | None, *, as_json: bool, engine: str
) -> int:
    """Solves problem files; on Ctrl-C everything has been stopped, and 130 is returned."""
    try:
        return solve_files(paths, policy, case_id, as_json=as_json, engine=engine)
    except KeyboardInterrupt:
        sys.stderr.write("stopped; take the case up again with --case (ids: `tierwise cases`)\n")
        return 130


def solve_files(
    paths: list[Path], policy: str | None, case_id: str | None, *, as_json: bool, engine: str
) -> int:
    """Validates all the problems, then solves them in order; returns the exit code, the worst of them."""
    _check_combination(paths, policy, case_id)
    engine = choose_engine(engine)
    kept = EarlierFiles(case_id) if case_id else None
    cases = [prepare_file(path, policy, case_id, engine, kept=kept) for path in paths]
    cases = cases or [_again(str(case_id), engine)]
    say_beforehand()
    console = terminal(stderr=as_json, quiet=as_json)
    codes: list[int] = []
    ready_s = boottime_s()
    with _solver(engine, console) as solve_case:
        names = [str(path) for path in paths] or [f"case {case_id}"]
        for name, case in zip(names, cases, strict=True):
            waited_s = boottime_s() - ready_s if codes else 0.0  # for the cases before it
            with Trace(console, name, case) as trace:
                outcome = solve_case(replace(case, begun_s=case.begun_s + waited_s), trace)
            if as_json:
                sys.stdout.write(json.dumps(outcome.summary()) + "\n")
                sys.stdout.flush()
            else:
                show_outcome(console, case.info, outcome, handed_off(outcome.case_id))
            codes.append(EXIT[outcome.status])
    return max(codes)


def _check_combination(paths: list[Path], policy: str | None, case_id: str | None) -> None:
    if case_id and len(paths) > 1:
        raise BadInput(f"--case {case_id}: expected one problem file with it, got {len(paths)}")
    if not paths and not case_id:
        raise BadInput("expected a problem file, or --case with the id of a case to go on with")
    if not paths and policy:
        raise BadInput("--policy: expected a problem file with it; --case alone goes on under its own policy")


def _again(case_id: str, engine: str) -> Case:
    """The case of that id, from its record alone."""
    with open_records() as (ledger, store):
        return prepare_again(ledger.case(case_id).info, store, engine)


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
    """Says, before anything is solved, that the ledger is older than what was signed from this home."""
    if head_signer(settings()) is None:
        return
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
