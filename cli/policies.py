"""The commands of whoever writes policies. Thin: each imports what it needs when it is called."""

from typing import Annotated

import typer

from cli.options import Json, Since

policy_app = typer.Typer(no_args_is_help=True, help="Check and show policies.")


@policy_app.command("check")
def policy_check(
    file: Annotated[str, typer.Argument(help="A policy file, or the name of one that ships.")],
) -> None:
    """Compile a policy's gates and run the tests inside it."""
    from cli.policy import check

    check(file)


@policy_app.command("show")
def policy_show(
    file: Annotated[str, typer.Argument(help="A policy file, or the name of one that ships.")],
) -> None:
    """Print a policy with all that it extends and takes in, and where each rule comes from."""
    from cli.policy import show

    show(file)


@policy_app.command("diff")
def policy_diff(
    old: Annotated[str, typer.Argument(help="A policy file, or the name of one that ships.")],
    new: Annotated[str, typer.Argument(help="Another.")],
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
    file: Annotated[str, typer.Argument(help="The new policy: a file, or the name of one that ships.")],
    since: Since = None,
    family: Annotated[str | None, typer.Option(help="Only cases of this family.", show_default=False)] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="List every decision that changes, and why.")
    ] = False,
    json: Json = False,
) -> None:
    """Try a policy over past cases: which decisions change, why, what that costs or saves; never a guess.

    Exit 0 nothing changes, 5 a decision changes, 3 none does, and of some the record cannot tell.
    """
    from cli.policy_replay import replay

    raise typer.Exit(replay(file, since, family, changed=changed, as_json=json))
