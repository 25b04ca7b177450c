"""Prefect's own database: what a user names it by, and whether it answers. Its password is never shown."""

import asyncio
import os
import re
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from escalation.model.errors import BadInput, first_line
from escalation.text.addresses import host_is_odd, shown_address

VARIABLE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
PREFIX = "PREFECT_SERVER_DATABASE_"
_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
_EXPECTED = "expected Prefect's database as postgresql+asyncpg://USER@HOST/NAME or sqlite:///FILE"
_ANSWER_S = 20.0


def database_url(given: str) -> str:
    """The URL with the driver that Prefect needs, and `sslmode` as that driver spells it.

    Raises:
        BadInput: when it names no such database.
    """
    try:
        url = make_url(given)
    except (SQLAlchemyError, ValueError):
        raise BadInput(f"{_EXPECTED}; got something that is no such URL") from None
    kind = url.drivername.partition("+")[0]
    if kind not in _DRIVERS:
        raise BadInput(f"{_EXPECTED}; got {kind}")
    if not url.database:
        raise BadInput(f"{_EXPECTED}; got one without a {'FILE' if kind == 'sqlite' else 'NAME'}")
    if host_is_odd(url.host, url.port) or re.search(r"[\x00-\x1f\x7f]", given):
        raise BadInput(f"{_EXPECTED}; got one whose host or port can be none")
    if kind == "sqlite":
        _check_file(url)
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    return url.set(drivername=_DRIVERS[kind], query=query).render_as_string(hide_password=False)


def _check_file(url: URL) -> None:
    """Prefect makes SQLite's file long after the command began, so its folder must be there now."""
    file = Path(url.database or "")
    if url.host or url.database == ":memory:" or not file.is_absolute():
        raise BadInput(f"{_EXPECTED}, an absolute path after three slashes; got {shown_address(str(url))}")
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise BadInput(f"expected a file of Prefect's that can be written, or made, at {file}; got none")


def stated_database(given: str | None) -> str | None:
    """The database of the command line, else of the environment; None where neither names one.

    Raises:
        BadInput: when it is no such URL, or has a password where other users of this machine can read it.
    """
    if given is None:
        named = os.environ.get(VARIABLE)
        return database_url(named) if named else None
    url = make_url(database_url(given))
    if url.password is not None or "password" in url.query:
        raise BadInput(
            "expected --database without a password, which the process list would show to everybody here: "
            f"keep it in ~/.pgpass (PGPASSFILE), or the whole URL in {VARIABLE}"
        )
    return url.render_as_string(hide_password=False)


def own_database(home: Path, kept: Mapping[str, str]) -> dict[str, str]:
    """Where a server keeps its records when its user says nothing about that."""
    if any(name.startswith(PREFIX) and name[len(PREFIX) :] in {"HOST", "NAME", "DRIVER"} for name in kept):
        return {}
    return {VARIABLE: f"sqlite+aiosqlite:///{home / 'prefect.db'}"}


def without_database(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of whoever uses the server alone: it has no business with the database behind it."""
    return {name: value for name, value in env.items() if not name.startswith(PREFIX)}


def check_database(url: str) -> None:
    """Asks the database whether it is there; SQLite's is made when it is first opened.

    Raises:
        BadInput: when it does not answer; says why, without the password.
    """
    made, database = make_url(url), f"Prefect's database {shown_address(url)}"
    if made.drivername.startswith("sqlite"):
        return
    try:
        asyncio.run(asyncio.wait_for(_ask(made), _ANSWER_S))
    except TimeoutError:
        raise BadInput(f"{database} does not answer within {_ANSWER_S:.0f} s") from None
    except Exception as error:
        reason = first_line(getattr(error, "orig", None) or error, typed=False)
        if made.password:
            reason = reason.replace(str(made.password), "***")
        raise BadInput(f"cannot use {database}: {reason}") from None


async def _ask(url: URL) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    finally:
        await engine.dispose()
