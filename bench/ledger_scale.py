"""A ledger of many cases: what a page costs, and how many events a second several writers append.

    python -m bench.ledger_scale [--cases 1000000] [--engine sqlite|postgresql] [--folder DIR] [--writers 1 8]

Method. One case is written through the ledger itself. Its rows and events are then written again under
other ids and numbers, each digest and hash computed anew, in bulk, until there are as many cases as wanted;
that they are right is what the ledger's own walk says of random pages at the end. All chains are sealed by
checkpoints, and 200 cases with paid work are added through the ledger. Then what `tierwise cases`,
`reconcile`, the walk of the audit and a report ask is timed, each a page or a case at a time, in turn.

The appends are timed on an empty PostgreSQL with fsync, started for it: every writer is a process that opens
cases and writes down work in them, as a driver does, for some seconds.

PostgreSQL is that of the tests (Debian's, on a socket), with its settings but for `fsync` where writers are
timed. `--folder` is where the database lies, a file system in memory by default.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from bench.machine import machine, row, seconds
from escalation.engine.pending import open_cases, ready
from escalation.model.amounts import Amounts, Bounds, Caps
from escalation.model.attempt import Attempt, AttemptStatus, Candidate
from escalation.model.case import CaseInfo, CaseStatus, Outcome, WorkKey
from escalation.model.cases_wanted import CasesWanted
from escalation.model.decision import Action, Decision
from escalation.model.identity import canonical_json, digest_json
from escalation.model.job_state import JobState
from escalation.model.kinds.local_call import LocalCall
from escalation.model.problem import Problem, Target, Tier
from escalation.model.quote import Quote
from escalation.model.result import RawResult
from escalation.model.submission import Price
from escalation.model.submission_states import SubmissionState
from escalation.submission.unattended import unattended
from records.ledger import schema, subjects, walk
from records.ledger.database import Database
from records.ledger.events import key_of
from records.ledger.ledger import SqlLedger
from records.store.files import FileStore

FIRST = "case-00000000"
NUMBER, DIGEST, BEFORE, EARLIER = 987654321, "d" * 64, "b" * 64, "e" * 64
"""What stands in the model of a row or event for what differs from case to case."""
PART = 2000
PAID = 200


def one_case(ledger: SqlLedger, case_id: str, family: str = "toy") -> None:
    """Writes a case as a driver does: a decision, a piece of work, an attempt, the end."""
    problem = Problem(family=family, instance={"n": 1}, target=Target(metric="m", at_least=1), seed=0)
    info = CaseInfo(
        case_id=case_id,
        problem=problem,
        problem_digest=problem.digest,
        instance_digest=digest_json("instance"),
        instance={"rows": 3},
        about="3 numbers",
        asked="m at least 1",
        policy_name="default",
        policy_digest=digest_json("policy"),
        policy_text="name: default\n",
        environment={"engine": "plain", "commit": "0" * 40},
    )
    key, work = WorkKey(case_id, 0, 0), LocalCall("toy:run", {"n": 1})
    ledger.open_case(info)
    ledger.add_decision(
        case_id,
        Decision(
            number=0,
            action=Action.REFUSE,
            rule="order",
            because="as the order says",
            facts_hash=digest_json({}),
        ),
    )
    ledger.intend(key, work, "local")
    ledger.submitted(key, {"pid": 1})
    ledger.settle(key, RawResult(JobState.DONE, {"y": 1}))
    ledger.add_attempt(case_id, _attempt(), Candidate({"y": 1}))
    ledger.close_case(case_id, CaseStatus.ACCEPTED, Outcome(case_id=case_id, status=CaseStatus.ACCEPTED))


def _attempt() -> Attempt:
    return Attempt(
        number=0, tier=Tier.HPC, method="m", backend="local", device_kind="classical", seed=7,
        quote=Quote(amounts=Bounds(wall_s=9.0)), status=AttemptStatus.FAILED, cost=Amounts(wall_s=1.0),
        error="none",
    )  # fmt: skip


class Model:
    """One case, as texts in which id, number, digests and hashes are replaced."""

    def __init__(self, connection: Connection) -> None:
        """Reads the case that there is."""
        self.rows: dict[tuple[Any, ...], tuple[Table, dict[str, Any]]] = {}
        for table in (schema.cases, schema.decisions, schema.attempts, schema.intents):
            for found in connection.execute(select(table)).mappings():
                values = dict(found)
                if table is schema.cases:
                    values["number"] = NUMBER
                self.rows[table.name, *key_of(table, found)] = (table, values)
        self.events = []
        query = select(schema.events).where(schema.events.c.chain == FIRST).order_by(schema.events.c.number)
        for event in connection.execute(query).mappings():
            body = json.loads(event["body"])
            sealed = (body["row"]["table"], *body["row"]["key"])
            body["row"]["digest"] = DIGEST
            body["row"]["before"] = body["row"]["before"] and EARLIER
            named = ("number", "at", "case_id", "kind")
            hashed = {name: event[name] for name in named} | {"body": body, "previous": BEFORE}
            self.events.append(
                (sealed, canonical_json(hashed).decode(), canonical_json(body).decode(), event)
            )
        self.texts = {key: canonical_json(values).decode() for key, (_, values) in self.rows.items()}

        self.last = set({sealed: place for place, (sealed, *_) in enumerate(self.events)}.values())

    def again(self, number: int, made: dict[Table, list[tuple[Any, ...]]]) -> None:
        """Adds the same case under another number, with its own digests and hashes.

        An event that is not the last of its row has a digest of the row as it was, which nothing compares.
        """
        case_id, digests, previous = f"case-{number:08d}", {}, schema.GENESIS
        for key, (table, values) in self.rows.items():
            digests[key] = sha256(_named(self.texts[key], case_id, number + 1).encode()).hexdigest()
            made.setdefault(table, []).append(
                tuple(_valued(each, case_id, number + 1) for each in values.values())
            )
        for place, (sealed, hashed, body, event) in enumerate(self.events):
            digest = digests[sealed] if place in self.last else f"{number:064x}"
            earlier = f"{number:064x}"
            text = hashed.replace(FIRST, case_id).replace(DIGEST, digest).replace(BEFORE, previous)
            text = text.replace(EARLIER, earlier)
            hash_ = sha256(text.encode()).hexdigest()
            position = len(self.events) * number + place + 1
            said = body.replace(FIRST, case_id).replace(DIGEST, digest).replace(EARLIER, earlier)
            row_key = event["row_key"].replace(FIRST, case_id)
            made.setdefault(schema.events, []).append(
                (
                    case_id,
                    place + 1,
                    position,
                    event["at"],
                    case_id,
                    event["kind"],
                    said,
                    row_key,
                    previous,
                    hash_,
                )
            )
            previous = hash_
        made.setdefault(schema.heads, []).append((case_id, len(self.events), previous, False))


def _valued(value: Any, case_id: str, number: int) -> Any:
    """The value of a column of the case of that number."""
    if isinstance(value, str):
        return value.replace(FIRST, case_id)
    return number if value == NUMBER else value


def fill(database: Database, count: int) -> None:
    """Writes the model's case `count` times more, with right digests and hashes."""
    with database.reading() as connection:
        model = Model(connection)
    for start in range(1, count, PART):
        made: dict[Table, list[tuple[Any, ...]]] = {}
        for number in range(start, min(start + PART, count)):
            model.again(number, made)
        with database._begun() as connection:
            for table, rows in made.items():
                write(connection, table, rows)


def _named(text: str, case_id: str, number: int) -> str:
    return text.replace(FIRST, case_id).replace(str(NUMBER), str(number))


def write(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Writes rows the fastest way that the driver has."""
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        return
    names = ", ".join(column.name for column in table.columns)
    with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for each in rows:
            copy.write_row(each)


def paid_cases(ledger: SqlLedger, count: int) -> None:
    """Adds cases with paid work through the ledger: half of it at the service, half done."""
    each = Amounts(qpu_s=1.0, usd=1.0)
    for number in range(count):
        case_id = f"paid-{number:04d}"
        one_case(ledger, case_id, "optimisation")
        ledger.take_over(case_id)
        moved = ledger.want_submission(WorkKey(case_id, 0, 1), "w", "model", 1000.0)
        moved = ledger.move(
            moved,
            SubmissionState.FROZEN,
            1000.0,
            payload=digest_json(number),
            price=Price(expected=each, cap=each),
        )
        moved = ledger.authorise(moved, None, Caps(), "p", 1000.0)[1]
        S = SubmissionState
        steps = (S.FENCED, S.SENDING, S.SUBMITTED, *((S.FETCHED, S.SETTLED) if number % 2 else ()))
        for target in steps:
            moved = ledger.move(moved, target, 1001.0)
        if number % 2:
            ledger.bill(moved, 1.0, 1.0, 1002.0)
        ledger.let_go(case_id)


def questions(ledger: SqlLedger, database: Database, count: int) -> dict[str, Callable[[], object]]:
    """What is asked of a ledger, by what it is called in the table."""
    some = random.Random(1)
    middle = f"case-{count // 2:08d}"

    def page() -> str:
        return f"case-{some.randrange(count):08d}"

    def verify_page() -> None:
        with database.reading() as connection:
            names = subjects.names(connection, page(), 100)
            for finding in walk.of_subjects(connection, names, walk.LedgerWalk()):
                raise AssertionError(finding)

    def report() -> None:
        case_id = page()
        ledger.case(case_id), ledger.decisions(case_id), ledger.attempt_records(case_id)
        ledger.submissions(case_id), ledger.approvals(case_id), ledger.events(case_id)

    def states(*wanted: CaseStatus) -> Callable[[], object]:
        return lambda: ledger.cases(CasesWanted(states=frozenset(wanted), limit=100))

    return {
        "cases: the newest 100": lambda: ledger.cases(CasesWanted(limit=100)),
        "cases: 100 after one in the middle": lambda: ledger.cases(CasesWanted(limit=100, after=middle)),
        "cases: 100 accepted": states(CaseStatus.ACCEPTED),
        "cases: those held or waiting (none)": states(CaseStatus.HELD, CaseStatus.WAITING),
        f"cases: of a family of {PAID}": lambda: ledger.cases(CasesWanted(family="optimisation", limit=100)),
        "cases: opened in the last minute (none)": lambda: ledger.cases(
            CasesWanted(since=_in_a_minute(), limit=100)
        ),
        "reconcile: cases with open work": lambda: open_cases(ledger),
        "reconcile: cases that can go on": lambda: ready(ledger, time.time()),
        "reconcile: work that nobody looks after": lambda: unattended(ledger, time.time()),
        "verify: a page of 100 cases": verify_page,
        "verify: what spending for a case rests on": lambda: ledger.check("paid-0000"),
        "report: all that is told of one case": report,
        "write: a case of 7 events, through the ledger": lambda: one_case(
            ledger, f"new-{some.getrandbits(48)}"
        ),
    }


def _in_a_minute() -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) + timedelta(minutes=1)


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """An empty PostgreSQL; durable: it syncs what it commits."""
    from tests.records import postgresql as server

    kept = dict(server._SETTINGS)
    if durable:
        server._SETTINGS.update({"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"})
    server._SETTINGS.update({"shared_buffers": "256MB", "max_wal_size": "4GB"})
    try:
        with server.serving(place=tempfile.gettempdir()) as socket:
            yield server.emptied(socket)
    finally:
        server._SETTINGS.clear()
        server._SETTINGS.update(kept)


def many(engine: str, count: int, folder: Path, repeats: int) -> None:
    """Fills a ledger, and times what is asked of it."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'ledger.db'}"
        if engine == "postgresql":
            url = stack.enter_context(postgresql())
        ledger = SqlLedger(url, FileStore(folder / "store"))
        stack.callback(ledger.close)
        database = ledger._database
        one_case(ledger, FIRST)
        start = time.perf_counter()
        fill(database, count)
        with database._begun() as connection:
            schema.go_on_from_rows(connection)
        print(f"{count} cases written in bulk in {time.perf_counter() - start:.0f} s", flush=True)
        _analysed(database)
        start = time.perf_counter()
        made = ledger.make_checkpoint()
        took = time.perf_counter() - start
        print(
            f"checkpoints of {made.leaves} chains in {took:.0f} s: {made.leaves / took:.0f} leaves a second",
            flush=True,
        )
        paid_cases(ledger, PAID)
        size = _size(url, database)
        print(
            f"{size / count / 1024:.1f} KiB a case in the database, {size / 2**30:.2f} GiB in all", flush=True
        )
        for name, ask in questions(ledger, database, count).items():
            ask()
            print(row(name, seconds(ask, repeats)), flush=True)


def _analysed(database: Database) -> None:
    from sqlalchemy import text

    with database._begun() as connection:
        connection.execute(text("ANALYZE"))


def _size(url: str, database: Database) -> float:
    from sqlalchemy import text

    if url.startswith("sqlite"):
        return float(Path(url.removeprefix("sqlite:///")).stat().st_size)
    with database.reading() as connection:
        return float(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def appends(writers: int, for_s: float) -> float:
    """Events a second that so many processes append."""
    with postgresql(durable=True) as url, tempfile.TemporaryDirectory() as store:
        SqlLedger(url, FileStore(Path(store))).close()
        told, tell = os.pipe()
        until = time.monotonic() + for_s
        children = []
        for number in range(writers):
            if not (child := os.fork()):
                os.close(told)
                done = _writer(SqlLedger(url, FileStore(Path(store))), number, until)
                os.write(tell, f"{done}\n".encode())
                os._exit(0)
            children.append(child)
        os.close(tell)
        for child in children:
            os.waitpid(child, 0)
        with os.fdopen(told) as lines:
            return sum(map(int, lines)) / for_s


def _writer(ledger: SqlLedger, number: int, until: float) -> int:
    cases = 0
    while time.monotonic() < until:
        one_case(ledger, f"w{number}-{cases}")
        cases += 1
    return cases * 7


def main() -> None:
    """Runs what the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))  # noqa: S108
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--writers", type=int, nargs="*", default=[1, 8])
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    print(machine())
    tempfile.tempdir = str(given.folder)
    for writers in given.writers:
        rate = appends(writers, given.seconds)
        print(f"{writers} writers on PostgreSQL: {rate:.0f} events a second", flush=True)
    if given.cases:
        folder = Path(tempfile.mkdtemp(prefix="tierwise-scale-"))
        try:
            many(given.engine, given.cases, folder, given.repeats)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
