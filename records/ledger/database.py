"""Opening the ledger's database, and its transactions."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, func, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError, SQLAlchemyError

from escalation.model.clock import boottime_s
from escalation.model.errors import BadInput, first_line
from escalation.text.addresses import host_is_odd, shown_address
from records.ledger import chains, checkpoints, guards, lineage, schema
from records.ledger.locking import file_lock
from records.ledger.one_machine import OneMachine

if TYPE_CHECKING:
    from records.ledger.head_signer import HeadSigner

BUSY_S = 60.0
IDLE_S = 1.0
"""Seconds after which a connection may have been closed at its other end."""
_PATIENCE = f"lock_timeout = '{BUSY_S:g}s'", f"idle_in_transaction_session_timeout = '{BUSY_S:g}s'"
"""SQLite waits for a lock by its connection's timeout; PostgreSQL is told in each transaction that writes."""
_ADDRESS = (
    "expected postgresql://USER:PASSWORD@HOST:PORT/NAME, its port a number, and @, : and / of a password "
    "written %40, %3A and %2F"
)
_CREATION = 7_116_927
"""Key of PostgreSQL's advisory lock around the creation of the tables."""


class Database:
    """A pool of connections to a ledger whose tables exist."""

    def __init__(self, url: str, signer: "HeadSigner | None" = None) -> None:
        """Connects, and creates the tables in an empty database; several processes may do so at once.

        Args:
            url: of SQLAlchemy.
            signer: signs checkpoints; None where the site has no key.

        Raises:
            BadInput: when the URL does not lead to a database that can be used as a ledger.
        """
        self.url, self._signer = url, signer
        self._machine: OneMachine | None = None
        self._checkpointing = checkpoints.Checkpointing()
        try:
            self._engine = _engine(url)
            try:
                self._create()
            except BaseException:
                self.close()
                raise
        except (SQLAlchemyError, ImportError, OSError) as error:
            reason = first_line(getattr(error, "orig", None) or error, typed=False)
            damaged = "malformed" in reason or "not a database" in reason
            what_to_do = (
                "put back a copy of it"
                if damaged
                else "set TIERWISE_LEDGER_URL or TIERWISE_HOME to a place that can be written"
            )
            raise BadInput(f"cannot open the ledger {_shown(url)}: {reason}; {what_to_do}") from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger throughout."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *held: str) -> Iterator[Connection]:
        """A transaction that writes; it holds the chains named from its beginning, others from their use on.

        No other write to a chain that is held overlaps it. Who stalls in it for long loses it, so that one
        process cannot block others for good. A checkpoint follows it where one is due.
        """
        with self._begun() as connection:
            for chain in held:
                chains.lock(connection, chain)
            yield connection
            grew = chains.grew(connection)
        if grew and self._checkpointing.due():
            self.make_checkpoint()

    def make_checkpoint(self) -> None:
        """Writes down where all chains end that grew; what cannot be done now, the next one does."""
        self._checkpointing.made()
        with suppress(OperationalError, InterfaceError, DisconnectionError):
            while True:
                with self._begun() as connection:
                    added = checkpoints.make(connection)
                    if added and self._signer is not None:
                        self._signer.of_checkpoint(connection)
                if added < checkpoints.AT_ONCE:
                    break
        if self._signer is not None:
            with suppress(OSError, SQLAlchemyError):
                self._signer.keep(self.reading)

    def guard_findings(self) -> tuple[str, ...]:
        """What is wrong with the triggers that refuse changes to events; those that are gone are put back."""
        with self.reading() as connection:
            lost, foreign = guards.findings(connection)
        if lost:
            with self._begun() as connection:
                guards.put(connection)
        return (*lost, *foreign)

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        options = {"tierwise_write": True, "tierwise_patience": _PATIENCE}
        with self._engine.connect().execution_options(**options) as connection, connection.begin():
            chains.begin(connection)
            yield connection

    @property
    def of_one_machine(self) -> bool:
        """Whether it can be used on one machine alone."""
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Makes a checkpoint of what was written, and closes the connections."""
        if self._checkpointing.pending:
            self.make_checkpoint()
        self._engine.dispose()
        if self._machine is not None:
            self._machine.close()

    def _create(self) -> None:
        if self._engine.dialect.name != "sqlite":
            self._create_tables()
            return
        file = Path(self._engine.url.database or "")
        with file_lock(Path(f"{file}.lock")):
            self._machine = OneMachine(file)
            with self._engine.connect() as connection:
                _pragma(connection, "journal_mode = WAL")
            self._create_tables()

    def _create_tables(self) -> None:
        writer = self._engine.connect().execution_options(tierwise_write=True)
        with writer as connection, connection.begin():
            _create_tables(connection)

    @property
    def shown(self) -> str:
        """Where it is, without a password."""
        return _shown(self.url)

    def __repr__(self) -> str:
        return f"Database({self.shown})"


def _create_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CREATION)))
    from records.ledger import migration

    chains.begin(connection)
    layout = found = _layout(connection)
    if layout in migration.BEFORE:
        migration.refuse_while_cases_run(connection, layout)
        migration.migrate(connection, layout)
        layout = schema.VERSION
    if layout not in (None, schema.VERSION):
        raise BadInput(
            f"expected a ledger of layout {schema.VERSION}, got {layout}: "
            "use the version of this project that wrote it, or another TIERWISE_HOME"
        )
    if layout is None:
        _refuse_foreign(connection)
    schema.metadata.create_all(connection)
    if found != schema.VERSION:
        schema.index_rows(connection)
    lineage.begin(connection, time.time())
    if found != schema.VERSION:  # of a ledger that has them, the audit says which are gone
        guards.put(connection)
    if layout is None:
        connection.execute(insert(schema.layout).values(only=1, layout=schema.VERSION))


def _refuse_foreign(connection: Connection) -> None:
    """A database that another program filled is left alone, not mixed with ours."""
    there = sorted(set(inspect(connection).get_table_names()) & set(schema.metadata.tables))
    if there:
        raise BadInput(
            f"expected a ledger of Tierwise or an empty database, got one that has a table `{there[0]}` "
            f"and no ledger: set TIERWISE_HOME or TIERWISE_LEDGER_URL to another place"
        )


def _layout(connection: Connection) -> int | None:
    inspector, name = inspect(connection), schema.layout.name
    if not inspector.has_table(name) or "layout" not in {
        each["name"] for each in inspector.get_columns(name)
    }:
        return None
    found: int | None = connection.execute(select(schema.layout.c.layout)).scalar_one_or_none()
    return found


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ValueError:  # of a port; it repeats what stands there, which may be of a password
        raise OSError(_ADDRESS) from None
    if host_is_odd(parsed.host, parsed.port):
        raise OSError(_ADDRESS)
    if parsed.get_backend_name() == "postgresql":
        # psycopg is what is installed; SQLAlchemy 2.0 would take psycopg2 where none is named
        engine = create_engine(parsed.set(drivername="postgresql+psycopg"), connect_args={"autocommit": True})
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "checkin", _left)
        event.listen(engine, "checkout", _taken)
        return engine
    if parsed.get_backend_name() != "sqlite":
        raise OSError(f"expected a URL of sqlite or postgresql, got {parsed.get_backend_name()}")
    if not parsed.database or parsed.database == ":memory:":
        raise OSError("expected a file, because several connections share it")
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)
    return engine


def _left(_connection: Any, record: Any) -> None:
    record.info["left_s"] = boottime_s()


def _taken(connection: Any, record: Any, _proxy: Any) -> None:
    """Asks a connection that nobody used for a while whether it is still one; the pool replaces it if not.

    SQLAlchemy's own `pool_pre_ping` asks each time, which is one more question to the server in ten.
    """
    if boottime_s() - record.info.get("left_s", math.inf) < IDLE_S:
        return
    try:
        connection.execute("SELECT 1")
    except Exception as error:
        raise DisconnectionError from error


def _connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # this module begins transactions, sqlite3 does not
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut: it may stand for money
    cursor.close()


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("tierwise_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    """Begins a transaction and says how long it may wait, in one message to the server."""
    options = connection.get_execution_options()
    begin = "BEGIN" if options.get("tierwise_write", False) else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    said = [begin, *(f"SET LOCAL {setting}" for setting in options.get("tierwise_patience", ()))]
    connection.exec_driver_sql("; ".join(said), execution_options={"no_parameters": True})


def _pragma(connection: Connection, statement: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA {statement}")


def _shown(url: str) -> str:
    try:
        return shown_address(make_url(url).render_as_string(hide_password=True))
    except (SQLAlchemyError, ValueError):
        return "URL"
