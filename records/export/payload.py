"""The payload of an export: what lies in its `data/`, by path below that, read where it is asked for."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

Files = dict[str, bytes]
Json = Mapping[str, Any]
LEDGER, STORE = "ledger", "store"
EVENTS, CHAIN, LINEAGE, PROOF = (
    f"{LEDGER}/{name}" for name in ("events.jsonl", "chain.jsonl", "lineage.jsonl", "proof.jsonl")
)
WITHHELD_ROWS, WITHHELD_FILES = f"{LEDGER}/withheld.jsonl", f"{STORE}/withheld.jsonl"
PRUNED_FILES = f"{STORE}/pruned.jsonl"
INDEX = f"{STORE}/index.json"
KEPT_BACK = "withheld"
"""In place of words that may quote data: of what a program said at its end, of why a verifier found so."""


def pretty(data: Any) -> bytes:
    """JSON for people; the same data are the same bytes."""
    return json.dumps(data, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def rows_path(table: str) -> str:
    """Where the rows of a table are, in the order of their keys."""
    return f"{LEDGER}/rows/{table}.jsonl"


class ExportPayload:
    """Files by path, and what they say.

    Attributes:
        files: by path.
    """

    def __init__(self, files: Files) -> None:
        """Nothing is read yet; what cannot be is a `ValueError`, `LookupError` or `TypeError` then."""
        self.files = files

    def read(self, path: str) -> Any:
        """A JSON file."""
        return json.loads(self.files[path])

    def lines(self, path: str) -> list[Any]:
        """A file with JSON on each line."""
        return [json.loads(line) for line in self.files[path].splitlines()]

    @cached_property
    def row(self) -> Json:
        """Of the case, its JSON read; without its data where they are withheld."""
        (found,) = self.read("cases.json")
        row: Json = found
        return row

    @property
    def info(self) -> Json:
        """What the case was opened with, likewise."""
        info: Json = self.row["info"]
        return info

    @property
    def case_id(self) -> str:
        return str(self.row["case_id"])

    @property
    def family(self) -> str:
        return str(self.info["problem"]["family"])

    @property
    def data_class(self) -> str:
        return str(self.info["problem"]["data_class"])

    @property
    def withheld(self) -> bool:
        """Whether data are kept back."""
        return WITHHELD_ROWS in self.files

    @cached_property
    def events(self) -> list[Json]:
        """In order."""
        return self.lines(EVENTS)

    @property
    def pruned(self) -> list[Json]:
        """A line on each file that the site gave up before the export was made, and has no more."""
        return self.lines(PRUNED_FILES) if PRUNED_FILES in self.files else []

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """Of the store's files that are there, what each is, in words, by digest."""
        found: dict[str, list[str]] = self.read(INDEX)
        return found

    @property
    def paths(self) -> dict[str, list[str]]:
        """The same by the path of the file."""
        return {f"{STORE}/{digest}": words for digest, words in sorted(self.named.items())}
