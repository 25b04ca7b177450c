"""The tables of the ledger."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = 4
"""Layout of the tables; a ledger of another layout is refused."""

GENESIS = "0" * 64
"""The hash before the first event."""

metadata = MetaData()


def _case() -> Column[str]:
    return Column("case_id", String(200), ForeignKey("cases.case_id"), primary_key=True)


chain = Table(
    "chain",
    metadata,
    Column("only", Integer, primary_key=True),
    Column("layout", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the last event's number and hash. Locked by every write, so that events have one order."""

events = Table(
    "events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("case_id", String(200), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

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
    Column("state", String(20), nullable=False),
    Column("handoff", Text, nullable=False),
)
"""Paid work; `handoff` is the whole of it as JSON, the columns beside it are what is searched for."""

approvals = Table(
    "approvals",
    metadata,
    _case(),
    Column("approval_id", String(80), primary_key=True, unique=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("state", String(20), nullable=False),
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

SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS events_no_{verb.lower()} BEFORE {verb} ON events "
    "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    for verb in ("UPDATE", "DELETE")
)

POSTGRESQL_TRIGGERS = (
    "CREATE OR REPLACE FUNCTION events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation'; "
    "END $$",
    *(
        f"CREATE OR REPLACE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_refuse()"
        for verb in ("UPDATE", "DELETE", "TRUNCATE")
    ),
)
