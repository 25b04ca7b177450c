"""Writes the page of the matrix from its rows. Pure."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any

from bench.fault_matrix.placements import BEYOND_S, ELSEWHERE, LAG_S, SETTLE_S
from practice.calls import CLOSED_BATCH, FINAL_BILL, SETTLING

Row = dict[str, Any]
_ELSEWHERE = frozenset(each.name for each in ELSEWHERE)
HEAD = (
    "cells",
    "killed",
    "no job",
    "one job",
    "more",
    "charged once",
    "charged more",
    "lost",
    "hung",
    "a person asked",
    "broken",
    "seconds to recover",
)


def page(rows: Sequence[Row], wanted: int, machine: str, peers: Sequence[Row] = ()) -> str:
    """Returns the page in Markdown.

    Args:
        rows: of the cells that were run.
        wanted: how many there are.
        machine: what it ran on, and when.
        peers: rows of the other clients.
    """
    whole = [row for row in rows if row.get("whole")]
    single = [row for row in rows if not row.get("whole")]
    kept = [row for row in single if row["violates"] is None]
    violating = [row for row in single if row["violates"] is not None]
    parts = [
        _intro(rows, wanted, machine),
        "## In all",
        _table(
            "",
            [
                ("assumptions hold", kept),
                ("whole ladders, assumptions hold", whole),
                ("an assumption is broken", violating),
            ],
        ),
        _broken(rows),
        _people(rows),
        "## By fault",
        "The assumptions hold in all of these. With the faults of closing a batch and of asking after it "
        "(`sessions.patch`, `sessions.get`) the POST's answer is lost, too, so that they strike in doubt. "
        "Where the service clearly refuses (404, 409), the work is refused, and nobody sends it again.",
        _table("fault", _grouped(kept, _fault)),
        "## By the moment of death",
        "Two processes die in the cells whose point is in doubt: the first one in the POST.",
        _table("point", _grouped(kept, lambda row: str(row["point"] or "nobody dies"))),
        *_ladders(whole),
        _violated(violating),
        *_peers(peers, rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _fault(row: Row) -> str:
    """The fault with its call; those that strike elsewhere than where they do most harm, by their call."""
    name = str(row["placement"])
    return f"any other fault at {name.rpartition(' at ')[2]}" if name in _ELSEWHERE else name


def _intro(rows: Sequence[Row], wanted: int, machine: str) -> str:
    killed = sum(row["kills"] > 0 for row in rows)
    return f"""# Fault matrix

What becomes of one piece of paid work when processes die by SIGKILL and the service misbehaves. Each cell is
a [practice service](../how-to/practise-the-hand-off.md) reset and given one fault, IBM's own client
over HTTP, the real engine
on a ledger on disk, a process that dies at a point, and others that take the work up until it is answered:
the case itself (`resume`), or `reconcile` first. What was accepted and charged is read from the service's
account. Written by `make matrix`, which goes on where it was stopped (`mlruns/fault_matrix.jsonl` has a row
a cell); of a covering array of every point with every class of faults, `make test` plays
every fault, every point, and in turn a ninth of the rest a day (`--subset` plays all of it).

Promised: one job accepted and charged where the work was wanted, none where it was refused, no result lost,
nothing hung. A job that the service itself ends failed or cancelled is accepted once and not charged.

- {len(rows)} of {wanted} cells, {killed} of them with a process killed at its point. Where a fault has
  the work refused or ended before the point, nobody is killed.
- {machine}
- Pace: settling time {SETTLE_S} s, lags {LAG_S} s where the assumption holds and {BEYOND_S} s or for ever
  where it does not. Jobs run without noise. Seconds to recover count from the last kill to the answer, new
  connections included; a fault that is waited out counts in.

The protocol assumes three things of the service, which a loopback server cannot prove:

1. {CLOSED_BATCH};
2. {SETTLING};
3. {FINAL_BILL}.

Cells in which the service breaks one are counted apart, and shown below."""


def _table(first: str, groups: Iterable[tuple[str, Sequence[Row]]]) -> str:
    lines = [_line([first, *HEAD]), _line(["---", *["---:"] * len(HEAD)])]
    return "\n".join([*lines, *(_line([name, *_counts(rows)]) for name, rows in groups if rows)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _counts(rows: Sequence[Row]) -> list[str]:
    def count(test: Callable[[Row], bool]) -> str:
        return str(sum(map(test, rows)))

    return [
        str(len(rows)),
        count(lambda row: row["kills"] > 0),
        count(lambda row: row["accepted"] == 0),
        count(lambda row: row["accepted"] == 1),
        count(lambda row: row["accepted"] > 1),
        count(lambda row: row["charged"] == 1),
        count(lambda row: row["charged"] > 1),
        count(lambda row: row["lost"] > 0),
        count(lambda row: row["hung"] > 0),
        count(lambda row: row["books"]["state"] == "parked"),
        count(lambda row: row["outcome"] == "broken"),
        _seconds([row["recovery_s"] for row in rows if row["recovery_s"] is not None]),
    ]


def _seconds(found: Sequence[float]) -> str:
    return f"{median(found):.1f} ({max(found):.1f} at most)" if found else ""


def _grouped(rows: Sequence[Row], key: Callable[[Row], str]) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return list(found.items())


def _broken(rows: Sequence[Row]) -> str:
    found = [f"- `{row['cell']}`: {'; '.join(row['why'])}" for row in rows if row["outcome"] == "broken"]
    return "\n".join(["Broken:", "", *found]) if found else "No promise was broken."


def _people(rows: Sequence[Row]) -> str:
    found = [row for row in rows if row["outcome"] == "person"]
    if not found:
        return "No cell ended before a person."
    reasons = _grouped(found, lambda row: f"{row['placement']}: {row['books']['reason']}")
    lines = [f"- {len(each)} cells, {name}" for name, each in reasons]
    return "\n".join(
        ["Ended before a person (`tierwise jobs`), nothing charged that is not known:", "", *lines]
    )


def _ladders(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return []
    by_point = _grouped(rows, lambda row: str(row["point"] or "nobody dies"))
    return [LADDERS, _table("fault", _grouped(rows, _fault)), _table("point", by_point)]


LADDERS = """\
## Whole ladders

A case of the toy family under the policy `practice` (what it waits for a job is 2 s instead of 300 s), driven
by the plain driver from hpc (MPI ranks) by ai to the paid quantum tier, held there until a person says yes.
Its process dies by SIGKILL at a point, and others take the case up, by itself or after `reconcile`, until it
has its end: accepted, abstained or refused, or a question to a person. Nothing is tracked in MLflow here."""


def _violated(rows: Sequence[Row]) -> str:
    lines = [
        f"- {name}: {len(each)} cells; two jobs were charged in {sum(row['charged'] > 1 for row in each)}, "
        f"the second on record as an incident in {sum(bool(row['books']['incidents']) for row in each)}"
        for name, each in _grouped(rows, lambda row: f"`{row['fault']}` (against: {row['violates']})")
    ]
    if not lines:
        return ""
    table = _table("fault", _grouped(rows, lambda row: str(row["placement"])))
    return "\n\n".join(["## Where the service breaks an assumption", table, "\n".join(lines)])


def _peers(peers: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    if not peers:
        return []
    clients = list(dict.fromkeys(row["client"] for row in peers))
    by = {(row["placement"], row["client"]): row for row in peers}
    names = list(dict.fromkeys(row["placement"] for row in peers))
    lines = [
        _line([name, _said(_ours(name, rows)), *(_said(by.get((name, client))) for client in clients)])
        for name in names
    ]
    head = [_line(["fault", "Tierwise", *clients]), _line(["---"] * (2 + len(clients)))]
    ours = [found for name in names if (found := _ours(name, rows)) is not None]
    sums = [
        _sum("Tierwise", ours),
        *(_sum(name, [row for row in peers if row["client"] == name]) for name in clients),
    ]
    return [METHOD, "\n".join([*head, *lines]), "\n".join(sums)]


def _ours(name: str, rows: Sequence[Row]) -> Row | None:
    """The cell of the matrix that has the same fault or kill, and no other."""
    point, placement = KILLS.get(name, (None, name))
    return next((row for row in rows if (row["point"], row["placement"]) == (point, placement)), None)


KILLS = {
    "killed when the POST is handled, its answer unread": ("POST handled, answer unread", "none"),
    "killed while it waits for the job": ("after looking", "none"),
}
METHOD = """\
## The same faults, other clients

Jobs accepted / charged, and `lost` where a job was charged and the user never had a result. Nobody is killed
but where it says so. The clients are IBM's own by itself, and prefect-qiskit with its defaults, but for a
pause of 1 s instead of 300 s between its five retries. Each runs a script as its documentation shows it
([bench/fault_matrix/peers](../../bench/fault_matrix/peers/plain.py)); a script that ends with an error or
is killed is
run again from the start, three times in all, which is what the user of a script does. Both may repeat calls
by themselves within a run, as they do by default. The service ends a call that it leaves unanswered after
3 s. Of Tierwise it is the cell of the matrix with the same fault, taken up again at most eight times."""


def _said(row: Row | None) -> str:
    if row is None:
        return "not run"
    extra = [word for word in ("lost", "hung") if row[word]]
    person = ["a person asked"] if row.get("outcome") == "person" else []
    return " ".join([f"{row['accepted']} / {row['charged']}", *extra, *person])


def _sum(name: str, rows: Sequence[Row]) -> str:
    twice, most = sum(row["charged"] > 1 for row in rows), max((row["charged"] for row in rows), default=0)
    return (
        f"- {name}: {len(rows)} runs; more than one job charged in {twice} (at most {most} jobs), "
        f"a charged result lost in {sum(bool(row['lost']) for row in rows)}, "
        f"hung in {sum(bool(row['hung']) for row in rows)}"
    )
