"""The settings of a process: the core's, and beside them what the backends' folders declare."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from escalation.inputs import surroundings
from escalation.inputs.settings import PREFIX, OwnSettings, Settings, prefix, read
from escalation.model.errors import BadInput
from escalation.ports.registry import backends, is_ours, resolve

SecretStore = Callable[[str], SecretStr | None]
SECRET_STORES: list[SecretStore] = []
"""Asked in order, by a secret's name, for what the settings do not hold; flows put Prefect's blocks here."""


def variables() -> Iterator[tuple[str, str, FieldInfo]]:
    """Every setting: its variable, the backend that reads it (empty: all do), and its field."""
    kinds: dict[str, type[Settings] | type[OwnSettings]] = {"": Settings, **_own()}
    for owner, kind in kinds.items():
        for name, field in kind.model_fields.items():
            yield variable(name, kind), owner, field


def variable(field: str, kind: type[Settings] | type[OwnSettings] = Settings) -> str:
    """The environment variable of a field, in whose name a class may have a prefix of its own."""
    return prefix(kind) + field.upper()


def _own() -> Mapping[str, type[OwnSettings]]:
    declared = {name: found.settings for name, found in backends().items() if found.settings}
    return {name: resolve(path) for name, path in declared.items()}


@cache
def settings() -> Settings:
    """Reads the settings from the environment, once.

    Those of a site's own packages are read when their backend is opened: a bad value there stops nobody else.

    Raises:
        BadInput: on an unknown key or a bad value.
    """
    known = {name for name, *_ in variables()}
    unknown = sorted(key for key in os.environ if key.startswith(PREFIX) and key not in known)
    if unknown:
        raise BadInput(f"unknown setting {unknown[0]}: expected one of {', '.join(sorted(known))}")
    return read(Settings).having(*(read(kind) for name, kind in _own().items() if is_ours(name)))


_RANKS: ContextVar[int | None] = ContextVar("ranks", default=None)


def mpi_ranks() -> int:
    """MPI ranks that methods ask for: as the settings say, or as a record does whose case is driven again."""
    return _RANKS.get() or settings().ranks


@contextmanager
def with_ranks(ranks: int | None) -> Iterator[None]:
    """Has methods ask for so many ranks inside the block; None leaves it to the settings."""
    token = _RANKS.set(ranks)
    try:
        yield
    finally:
        _RANKS.reset(token)


def without_secrets(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that calculate and speak to no service.

    Left out is what `surroundings.without_secrets` leaves out, and every variable of a secret that a backend
    declares, whatever its name.
    """
    secret = {name for name, _, field in variables() if is_secret(field)}
    return {name: value for name, value in surroundings.without_secrets(env).items() if name not in secret}


def is_secret(field: FieldInfo) -> bool:
    """Whether a field holds a secret."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def block(name: str) -> str:
    """How stores spell the secret of a setting: `site_token` is `tierwise-site-token`."""
    return variable(name).lower().replace("_", "-")


def stored_secret(name: str) -> SecretStr | None:
    """The first secret that a store holds for the setting of that name; None where none does."""
    for store in SECRET_STORES:
        found = store(block(name))
        if found is not None and found.get_secret_value():
            return found
    return None
