"""What is shown of a case in an export, beside what is shown of one of this site."""

import sys
from collections.abc import Iterator
from typing import Any

from rich.table import Column, Table

from cli.terminal import plain, terminal
from records.export.payload import ExportPayload
from records.named import VerifiedExport

_WITHHELD = (
    "the answer, the report and the data: they may not leave the site of the case; their digests are here"
)


def say_source(export: VerifiedExport | None, *, aside: bool = False) -> None:
    """Says which export it was and whose key signed it, on standard error where it stands aside."""
    if export is not None:
        terminal(stderr=aside).print(plain(export.source), soft_wrap=True, highlight=False)


def show_withheld(export: VerifiedExport, *, decided: bool = False) -> None:
    """Prints what an export that withholds its data holds of the case.

    Args:
        export: which one.
        decided: whether each decision is said, too.
    """
    table = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for name, text in (*_kept(export.payload), *(_decided(export.payload) if decided else ())):
        table.add_row(name, plain(text))
    terminal().print(table)
    sys.stdout.flush()
    say_source(export)


def _kept(found: ExportPayload) -> Iterator[tuple[str, str]]:
    info, ended = found.info, found.row["outcome"] or {}
    yield "case", f"{found.case_id}, {found.row['status']}"
    yield "asked", ": ".join(filter(None, (info.get("title"), info["asked"]))) or found.family
    yield "policy", info["policy_name"]
    if ended.get("method"):
        yield "found by", f"{ended['tier']}/{ended['method']} on {ended['backend']} ({ended['device_kind']})"
    if certificate := ended.get("certificate"):
        number = (
            ""
            if certificate["value"] is None
            else f", {ended['target']['metric']} {certificate['value']:.6g}"
        )
        yield "proven", f"{certificate['status']}{number}"
    for name, value in _counts(found):
        yield name, f"{value:g}"
    if told := ended.get("told"):
        yield "cost", told["cost"]
    yield "withheld", _WITHHELD


def _counts(found: ExportPayload) -> Iterator[tuple[str, Any]]:
    """The numbers of the problem that the first decision saw: of rows, of columns, of classes."""
    decisions = found.read("decisions.json")
    for fact in decisions[0]["decision"]["facts"] if decisions else ():
        if fact["name"].startswith("problem.") and type(fact["value"]) in (int, float):
            yield fact["name"].removeprefix("problem."), fact["value"]


def _decided(found: ExportPayload) -> Iterator[tuple[str, str]]:
    for row in found.read("decisions.json"):
        decision = row["decision"]
        rung = f" {decision['tier']}/{decision['method']}" if decision["method"] else ""
        yield f"decision {row['number'] + 1}", f"{decision['action']}{rung}: {decision['because']}"
