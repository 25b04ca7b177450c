"""`tierwise keys`: the key with which a site signs its exports and the heads of its ledger."""

import json
import sys

from cli.terminal import plain, terminal
from escalation.ports.configuration import settings
from records.signing.keys import key_file, make_key, site_key


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


def _print_public(pem: str, key_id: str) -> None:
    """The key alone on standard output, so that `> site.pem` makes a file of it."""
    sys.stdout.write(pem)
    terminal(stderr=True).print(plain(f"key id {key_id}"), soft_wrap=True)
