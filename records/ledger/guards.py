"""The database's triggers that refuse changes to events: those that belong there, and others that do not."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from records.ledger import schema

_ON_POSTGRESQL = (
    "SELECT t.tgname AS name, t.tgrelid::regclass::text AS place, "
    "t.tgenabled = 'O' AND p.proname = 'events_refuse' "
    "AND p.prosrc LIKE '%RAISE EXCEPTION%append-only%' AS sound "
    "FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace "
    "UNION ALL SELECT rulename, tablename, false FROM pg_rules WHERE schemaname = current_schema()"
)
_ON_SQLITE = "SELECT name, tbl_name AS place, sql FROM sqlite_master WHERE type = 'trigger'"


def put(connection: Connection) -> None:
    """Makes the triggers that belong there; one of that name and other words gives way."""
    if connection.dialect.name == "sqlite":
        for name in _wanted("sqlite"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        statements = schema.SQLITE_TRIGGERS
    else:
        statements = schema.POSTGRESQL_TRIGGERS
    for statement in statements:
        connection.execute(text(statement))


def findings(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of those that belong there are not there as they were made; which others there are; in words."""
    dialect = connection.dialect.name
    rows = connection.execute(text(_ON_SQLITE if dialect == "sqlite" else _ON_POSTGRESQL)).mappings().all()
    wanted, tables = _wanted(dialect), set(schema.metadata.tables)
    known = [row for row in rows if row["name"] in wanted]
    if dialect == "sqlite":
        sound = {row["name"] for row in known if row["sql"] == wanted[row["name"]]}
    else:
        sound = {row["name"] for row in known if row["sound"]}
    lost = tuple(
        f"the trigger {name}, which refuses changes to events, was taken away or changed: it is put back now"
        for name in wanted
        if name not in sound
    )
    foreign = tuple(
        f"the database has a trigger {row['name']} on {row['place']} that this program did not make: "
        "have whoever looks after the database say what it is for, and take it away"
        for row in rows
        if row["name"] not in wanted and row["place"].split(".")[-1].strip('"') in tables
    )
    return lost, foreign


def _wanted(dialect: str) -> Mapping[str, str]:
    """Their SQL as SQLite keeps it, by name; of PostgreSQL the names alone count."""
    if dialect == "sqlite":
        kept = [each.replace("IF NOT EXISTS ", "") for each in schema.SQLITE_TRIGGERS]
        return {each.split()[2]: each for each in kept}
    return {each.split()[4]: "" for each in schema.POSTGRESQL_TRIGGERS if "OR REPLACE TRIGGER" in each}
