"""`tierwise keys`: the key with which a site signs its exports and the heads of its ledger."""

import json
import sys
from pathlib import Path

from cli.approve import this_user
from cli.terminal import plain, terminal
from escalation.inputs.user_files import read_bytes, shown
from escalation.ports.configuration import settings
from records.runtime import open_records
from records.signing.keys import MOST_BYTES, VerifyingKey, key_file, make_key, site_key


def make() -> None:
    """Makes the site's key, and prints its public half.

    Raises:
        BadInput: when there is one.
    """
    made = make_key(settings())
    terminal(stderr=True).print(
        plain(f"{key_file(settings())}: the private key, yours alone; keep a copy of it where only you can"),
        soft_wrap=True,
    )
    _print_public(made.public.pem, made.public.key_id)


def show(*, as_object: bool) -> None:
    """Prints the public half of the site's key.

    Raises:
        BadInput: when there is none.
    """
    public = site_key(settings()).public
    if as_object:
        sys.stdout.write(json.dumps({"key_id": public.key_id, "public_key": public.pem}) + "\n")
    else:
        _print_public(public.pem, public.key_id)


def accept(keys: list[Path], lost: list[str]) -> None:
    """Has the site's key of today, and others, count for the ledger's signed heads; says what is set aside.

    Raises:
        BadInput: when a head cannot be checked with these keys, or there is none.
        CorruptRecord: when the ledger is older than a head.
    """
    known = [VerifyingKey.of_pem(read_bytes(path, MOST_BYTES), shown(path)) for path in keys]
    with open_records() as (ledger, _):
        done = ledger.accept_heads(known, lost, this_user("keys accept")[1])
    lines = [f"set aside: {done.instead}"] if done.instead else []
    lines += [f"heads signed with key {each} count in this home" for each in done.trust.keys]
    lines += [
        f"heads signed with key {each} are passed over: nobody can check them" for each in done.trust.lost
    ]
    if not done.asked:
        lines.append("MLflow was not there or did not answer: its heads were not compared")
    if done.instead:
        lines.append(
            "what was signed after the ledger's last event cannot be missed any more: hold `tierwise budget` "
            "against the service's own bill"
        )
    for line in lines:
        terminal().print(plain(line), soft_wrap=True)


def _print_public(pem: str, key_id: str) -> None:
    """The key alone on standard output, so that `> site.pem` makes a file of it."""
    sys.stdout.write(pem)
    terminal(stderr=True).print(plain(f"key id {key_id}"), soft_wrap=True)
