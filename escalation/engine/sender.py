"""Who sent a piece of work, kept with its handle, and what that says of work that is found later.

Work of most machines ends with the process that sent it. Whether that one lives can be seen on the same
boot, in the same namespace of process ids; from elsewhere nobody can say, and the case's lease, which has
gone over to the reader, says that it was given up. Such work is asked after once, for it may have ended in a
folder that both can read, and is never waited for.
"""

from collections.abc import Mapping
from typing import Any

from escalation.engine.steps import Item
from escalation.model.clock import ProcessIdentity, boottime_s, this_process

PATIENCE_S = 60.0
"""Beyond its time limit, for work of another process that lives and has lost the case: it may be stopped, and
then ends nothing."""
_SENDER = "sender"


def signed(handle: Mapping[str, Any]) -> dict[str, Any]:
    """The handle with this process as the sender."""
    return {**handle, _SENDER: this_process().to_json()}


class SentWork:
    """A piece of work that is followed from now on."""

    def __init__(self, handle: Mapping[str, Any], item: Item) -> None:
        self._sender = ProcessIdentity.from_json(handle[_SENDER]) if _SENDER in handle else None
        self._item, self._since_s = item, boottime_s()

    def may_run(self) -> bool:
        """Whether it is worth waiting for, where it does not survive its sender: that one is seen to live."""
        if self._sender == this_process():
            return True
        late = boottime_s() - self._since_s > self._item.work.resources.wall_s + PATIENCE_S
        return self._sender is not None and bool(self._sender.alive()) and not late

    @property
    def lost(self) -> str:
        """What is said of work that is not waited for."""
        if self._sender is None:
            return "lost: nobody knows who sent it"
        lives, who = self._sender.alive(), f"process {self._sender.pid} on {self._sender.host}, which sent it"
        if lives is None:
            return f"lost: {who}, cannot be seen from here, and has lost the case"
        return f"lost: {who}, {'has lost the case, and ends nothing' if lives else 'is gone'}"
