"""The tables of the ledger."""

from functools import cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.schema import CreateIndex

VERSION = 5
"""Layout of the tables; a ledger of another layout is refused."""

GENESIS = "0" * 64
"""The hash before the first event."""

metadata = MetaData()


def _case() -> Column[str]:
    return Column("case_id", String(200), ForeignKey("cases.case_id"), primary_key=True)


layout = Table(
    "chain",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("layout", Integer, nullable=False),
)
"""One row: by which layout the tables are. Named as the layouts before 5 look for it."""

NOT_SEALED = text("NOT sealed")
"""As the index has it: in other words a database would not use it."""

heads = Table(
    "heads",
    metadata,
    Column("chain", String(200), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("sealed", Boolean, nullable=False),
    Index("heads_not_sealed", "chain", sqlite_where=NOT_SEALED, postgresql_where=NOT_SEALED),
)
"""A row a chain: its last event's number and hash, and whether a checkpoint has it. Locked by who writes to
the chain, so that the events of a chain have one order."""

events = Table(
    "events",
    metadata,
    Column("chain", String(200), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("at", String(40), nullable=False),
    Column("case_id", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("row_key", Text),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("events_of_case", "case_id", "position"),
    Index("events_of_row", "row_key", "position"),
)
"""`number` counts a chain's events without a gap. `position` grows over all of them, may have gaps, and is no
part of the hash: an event that another hangs on has the smaller one. `row_key` repeats which row the body
seals, for whoever looks for a row's last seal: it is compared with the body wherever an event is checked."""

leaves = Table(
    "leaves",
    metadata,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("chain", String(200), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("leaves_of_chain", "chain", "number"),
)
"""The leaves of the checkpoints' tree: heads as they were."""

cases = Table(
    "cases",
    metadata,
    Column("case_id", String(200), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("info", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("opened_at", String(40), nullable=False),
    Column("closed_at", String(40)),
    Column("mlflow_run_id", String(64)),
    Column("outcome", Text),
)

Index("cases_by_status", cases.c.status, cases.c.number)
Index("cases_by_opening", cases.c.opened_at)

questions = Table(
    "questions",
    metadata,
    _case(),
    Column("data", String(64), nullable=False, index=True),
    Column("question", Text, nullable=False),
)
"""Which data a case asked what about: repeats what its `info` says, to be found by the data."""

_FAMILY = {
    "sqlite": "json_extract(info, '$.problem.family')",
    "postgresql": "(info::json #>> '{problem,family}')",
}


def family_of(dialect: str) -> ColumnElement[str]:
    """The family of a case's problem, as the index of `index_rows` has it."""
    return literal_column(_FAMILY[dialect], String)


leases = Table(
    "leases",
    metadata,
    _case(),
    Column("token", Integer, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("host", String(255), nullable=False),
    Column("boot", String(80), nullable=False),
    Column("namespace", BigInteger, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("beat_boot_s", Float, nullable=False),
    Column("beat_at", Float, nullable=False),
    Column("lease_s", Float, nullable=False),
    Column("elapsed", Text),
)
"""Who runs a case, and when it last said so: seconds since its boot, and by the database's clock. `elapsed`
is the time that the case had taken by then.

Changes many times a minute, so it is the one table that leaves no events.
"""

decisions = Table(
    "decisions",
    metadata,
    _case(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("decision", Text, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    _case(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Text, nullable=False),
    Column("candidate", Text),
)

intents = Table(
    "intents",
    metadata,
    _case(),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("work", Text, nullable=False),
    Column("backend", String(200), nullable=False),
    Column("handle", Text),
    Column("lost", Text, nullable=False),
    Column("result", Text),
)

budgets = Table(
    "budgets",
    metadata,
    _case(),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("reserved", Text, nullable=False),
    Column("spent", Text, nullable=False),
    Column("project", String(200), nullable=False),
    Column("reserved_at", Float, nullable=False),
    Index("budgets_by_time", "project", "reserved_at"),
)

submissions = Table(
    "handoffs",
    metadata,
    _case(),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False, unique=True),
    Column("tag", String(86), nullable=False, unique=True),
    Column("state", String(20), nullable=False, index=True),
    Column("handoff", Text, nullable=False),
)
"""Paid work; `handoff` is the whole of it as JSON, the columns beside it are what is searched for."""

approvals = Table(
    "approvals",
    metadata,
    _case(),
    Column("approval_id", String(80), primary_key=True, unique=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("state", String(20), nullable=False, index=True),
    Column("approval", Text, nullable=False),
)

limits = Table(
    "limits",
    metadata,
    Column("project", String(200), primary_key=True),
    Column("period", String(20), primary_key=True),
    Column("caps", Text, nullable=False),
)

lineage = Table(
    "lineage",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("ledger", String(32), nullable=False),
    Column("at", Float, nullable=False),
    Column("taken_at", Float),
)
"""Row 0 says when the ledger began, each further one when it was put back, and as of when. `ledger` is its
name, the same in all rows and in every copy."""

SEALED = (cases, decisions, attempts, intents, budgets, submissions, approvals, limits)
"""The tables whose every row is sealed by the digest in its latest event."""

MONEY = (budgets, approvals, limits)
"""Those whose rows are sealed in the chain of money."""

_SEQUENCES = {
    column: Sequence(f"{column.table.name}_{column.name}", metadata=metadata)
    for column in (events.c.position, cases.c.number, submissions.c.number)
}
"""Where a database has sequences, so that who takes a number waits for nobody."""


@cache
def following(column: Column[int], *, sequences: bool) -> ColumnElement[int]:
    """The SQL of a number larger than all in the column, from a sequence where the database has them."""
    if sequences:
        return _SEQUENCES[column].next_value()
    return select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()


def go_on_from_rows(connection: Connection) -> None:
    """Makes the sequences, and sets them to the rows that are there."""
    for column, sequence in _SEQUENCES.items():
        if connection.dialect.supports_sequences:
            sequence.create(connection, checkfirst=True)
            last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            connection.execute(select(func.setval(sequence.name, last, False)))


def index_rows(connection: Connection) -> None:
    """Makes the indexes of tables that are there without them, and the one that is of no column."""
    dialect = connection.dialect.name
    for table in SEALED:
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
    by = f"CREATE INDEX IF NOT EXISTS cases_by_family ON cases ({_FAMILY[dialect]}, number)"
    connection.execute(text(by))


APPEND_ONLY = (events, leaves)

SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name} "
    f"BEGIN SELECT RAISE(ABORT, '{table.name} are append-only'); END"
    for table in APPEND_ONLY
    for verb in ("UPDATE", "DELETE")
)

POSTGRESQL_TRIGGERS = (
    "CREATE OR REPLACE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% are append-only', TG_TABLE_NAME "
    "USING ERRCODE = 'integrity_constraint_violation'; END $$",
    *(
        f"CREATE OR REPLACE TRIGGER {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_refuse()"
        for table in APPEND_ONLY
        for verb in ("UPDATE", "DELETE", "TRUNCATE")
    ),
)
