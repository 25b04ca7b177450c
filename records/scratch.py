"""A runtime on records of its own, for work that is run to be looked at and then forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager

from escalation.engine.runtime import Runtime
from escalation.inputs.temporary import temporary_folder
from escalation.ports.configuration import settings
from records.runtime import open_runtime


@contextmanager
def scratch_runtime() -> Iterator[Runtime]:
    """The machines as they are set up here, with a ledger and a store that go away at the end; untracked.

    Raises:
        BadInput: when a setting is wrong.
    """
    with temporary_folder("scratch") as folder:
        elsewhere = {"home": folder, "ledger_url": None, "store_url": None, "tracking": 0.0}
        with open_runtime(settings().model_copy(update=elsewhere)) as runtime:
            yield runtime
