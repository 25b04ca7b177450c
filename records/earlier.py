"""The files of a case that was opened before, looked up only where a folder has them no more."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property

from escalation.inputs.input_files import by_every_name
from escalation.model.errors import BadInput
from escalation.ports.ledger.ledger import Ledger
from escalation.ports.store import Store
from records.runtime import open_records

Open = Callable[[], AbstractContextManager[tuple[Ledger, Store]]]


class EarlierFiles:
    """`escalation.inputs.input_files.KeptFiles` of a case that the ledger may or may not have."""

    only = False

    def __init__(self, case_id: str, records: Open = open_records) -> None:
        """Opens nothing yet.

        Args:
            case_id: of the case that is to be taken up again.
            records: opens ledger and store.
        """
        self._case_id, self._open = case_id, records

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """By name; of a case that the ledger does not have, none."""
        with self._open() as (ledger, _):
            try:
                return by_every_name(ledger.case(self._case_id).info)
            except BadInput:
                return {}

    def get(self, digest: str) -> bytes:
        """The bytes, from the store."""
        with self._open() as (_, store):
            return store.get(digest)
