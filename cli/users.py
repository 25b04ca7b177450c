"""`tierwise users`: who signs in to what `tierwise serve` shows."""

import getpass
import sys

from cli.terminal import plain, terminal
from deployments.front.users import Users, check_password, made_up
from escalation.model.errors import BadInput
from flows.engine import served_home


def add(name: str) -> None:
    """Asks for a password twice, or makes one up and shows it; takes a line of standard input that is piped.

    Raises:
        BadInput: when name or password are none, or the name is there already.
    """
    users = Users(served_home())
    name = users.check_new(name)
    password, shown = _asked(name) if sys.stdin.isatty() else (_piped(), False)
    users.add(name, password)
    console = terminal()
    if shown:
        console.print(f"password of {plain(name)}, shown this once: {plain(password)}", soft_wrap=True)
    console.print(f"{plain(name)} can sign in now", soft_wrap=True)
    if len(users.names()) == 1:
        console.print(
            "the line in the file `credential` is for programs alone from now on, whatever a running "
            "`tierwise serve` said about signing in when it began",
            soft_wrap=True,
        )


def remove(name: str) -> None:
    """Ends what somebody has open, and lets him in no more; raises `BadInput` for a name that is none."""
    users = Users(served_home())
    users.remove(name)
    terminal().print(f"{plain(name)} cannot sign in any more; what was open is closed", soft_wrap=True)
    if not users.names():
        terminal().print("nobody is left: the line in the file `credential` signs in again", soft_wrap=True)


def show() -> None:
    """Prints the names, a line each."""
    for name in Users(served_home()).names():
        terminal().print(plain(name), soft_wrap=True)


def _asked(name: str) -> tuple[str, bool]:
    """The password, and whether it was made up here."""
    first = getpass.getpass(f"password for {name} (empty: one is made up): ")
    if not first:
        return made_up(), True
    check_password(first)
    if getpass.getpass("once more: ") != first:
        raise BadInput("expected the same password twice, got two")
    return first, False


def _piped() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise BadInput(
            "expected a password as a line on standard input, got none: run it in a terminal to be asked for "
            "one, or pipe one in"
        )
    return password
