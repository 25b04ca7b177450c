"""The commands of whoever writes policies. Thin: each imports what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from cli.completing import case_ids, policies
from cli.options import FamilyName, Json, PolicyFile, Since, whole_id

policy_app = typer.Typer(no_args_is_help=True, help="Check and show policies.")


@policy_app.command("check")
def policy_check(
    file: PolicyFile,
) -> None:
    """Check a policy and run the tests inside it; remark on what its author will not have meant."""
    from cli.policy import check

    check(file)


@policy_app.command("show")
def policy_show(
    file: PolicyFile,
) -> None:
    """Print a policy with all that it extends and takes in, and where each rule comes from."""
    from cli.policy import show

    show(file)


@policy_app.command("diff")
def policy_diff(
    old: PolicyFile,
    new: Annotated[str, typer.Argument(help="Another.", autocompletion=policies)],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Say in words what differs between two policies, and which way each difference leans.

    Exit 0 nothing that decides anything differs, 5 something does.
    """
    from cli.policy_diff import diff

    raise typer.Exit(diff(old, new, as_json=json))


@policy_app.command("canary")
def policy_canary(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Show how the cases of the canary policy do beside the acting policy's. Exit 0 it goes on or there is
    none, 5 it was ended or is about to be."""
    from cli.policy_canary import canary

    raise typer.Exit(canary(as_json=json))


@policy_app.command("replay")
def policy_replay(
    *,
    file: Annotated[
        str,
        typer.Argument(
            help="The new policy: a file, or the name of one that ships.", autocompletion=policies
        ),
    ],
    exports: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[EXPORT]...",
            help="Take the cases of these exports, in place of those of the ledger.",
            show_default=False,
        ),
    ] = None,
    since: Since = None,
    family: FamilyName = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="List every decision that changes, and why.")
    ] = False,
    json: Json = False,
) -> None:
    """Try a policy over past cases: which decisions change, why, what that costs or saves; never a guess.

    The cases of exports are read as they are: `tierwise verify` says whether somebody changed them.

    Exit 0 nothing changes, 5 a decision changes, 3 none does, and of some the record cannot tell.
    """
    from cli.policy_replay import Cases, replay

    cases = Cases(since, family, tuple(exports or ()))
    raise typer.Exit(replay(file, cases, changed=changed, as_json=json))


@policy_app.command("try")
def policy_try(
    file: PolicyFile,
    case: Annotated[
        str,
        typer.Argument(
            metavar="CASE",
            help="Id of a case, the beginning of one, or an export of a case.",
            callback=whole_id,
            autocompletion=case_ids,
            show_default=False,
        ),
    ],
    json: Json = False,
) -> None:
    """Say step by step what a policy would have decided in a case, from the facts on record; never a guess.

    Exit 0 nothing changes, 5 a decision changes, 3 none does, and of some the record cannot tell.
    """
    from cli.policy_try import try_policy

    raise typer.Exit(try_policy(file, case, as_json=json))
