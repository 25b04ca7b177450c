"""What the process of a batch and those that solve for it say to each other: JSON, a message at a time.

A worker is given a problem and answers with its row. In between it asks for what all problems of the batch
share (`Common`), and for secrets of which only the batch's process knows.
"""

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from escalation.engine.batch_plan import BatchPlan
from escalation.engine.batch_problem import Common
from escalation.inputs.problem_lists import ProblemSource
from escalation.model.amounts import Amounts, Caps
from escalation.model.errors import BadInput
from escalation.policy.policy import LoadedPolicy, parse_policy
from escalation.ports.configuration import SECRET_STORES

Message = dict[str, Any]


def send(connection: Connection, message: Mapping[str, Any]) -> None:
    """Sends a message.

    Raises:
        OSError: when nobody is there any more.
        TypeError: when it is no JSON.
    """
    connection.send_bytes(json.dumps(message, default=_plain).encode())


def receive(connection: Connection) -> Message:
    """Waits for a message; raises `EOFError` or `OSError` when nobody is there any more."""
    message: Message = json.loads(connection.recv_bytes())
    return message


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, (Amounts, Caps)):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"expected what JSON can hold, got {type(value).__name__}")


def plan_message(plan: BatchPlan) -> Message:
    """The plan, as it is sent."""
    return dict(vars(plan))


def plan_of(said: Message) -> BatchPlan:
    """The plan that was sent."""
    return BatchPlan(**said | {"budget": Caps(**said["budget"])})


def source_message(number: int, source: ProblemSource) -> Message:
    """A problem, as it is sent."""
    return {"number": number, **vars(source)}


def source_of(said: Message) -> tuple[int, ProblemSource]:
    """The problem that was sent, with its number."""
    path = None if said["path"] is None else Path(said["path"])
    return said["number"], ProblemSource(said["name"], Path(said["folder"]), path, said["stated"])


class CommonFromAfar:
    """The `Common` of a worker: asks the batch's process, through the connection of one case at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._policies: dict[str, LoadedPolicy] = {}

    def policy(self, name: str) -> LoadedPolicy:
        """As in `Common`."""
        if name not in self._policies:
            said = self._ask("policy", name)
            self._policies[name] = parse_policy(said["text"], said["path"])
        return self._policies[name]

    def met_before(self, case_id: str, number: int) -> str | None:
        """As in `Common`."""
        met: str | None = self._ask("met_before", case_id, number)
        return met

    def take(self, case_id: str, budget: Caps, *, may_spend: bool) -> Caps | str:
        """As in `Common`."""
        said = self._ask("take", case_id, budget, may_spend)
        return said if isinstance(said, str) else Caps(**said)

    def give_back(self, case_id: str, used: Amounts, charged: Amounts | None) -> None:
        """As in `Common`."""
        self._ask("give_back", case_id, used, charged)

    def secret(self, block: str) -> SecretStr | None:
        """A secret that the batch's process can come by; an `escalation.ports.configuration.SecretStore`."""
        said = self._ask("secret", block)
        return None if said is None else SecretStr(said)

    def _ask(self, what: str, *given: Any) -> Any:
        send(self._connection, {"ask": what, "given": given})
        said = receive(self._connection)
        if "bad_input" in said:
            raise BadInput(said["bad_input"])
        return said["answer"]


def answer(common: Common, message: Message) -> Message:
    """What a worker is told that asked."""
    what, given = message["ask"], message["given"]
    try:
        return {"answer": _ANSWERS[what](common, *given)}
    except BadInput as error:
        return {"bad_input": str(error)}


def _policy(common: Common, name: str) -> Message:
    loaded = common.policy(name)
    return {"text": loaded.text, "path": loaded.path}


def _take(common: Common, case_id: str, budget: Message, may_spend: bool) -> Caps | str:
    return common.take(case_id, Caps(**budget), may_spend=may_spend)


def _give_back(common: Common, case_id: str, used: Message, charged: Message | None) -> None:
    common.give_back(case_id, Amounts(**used), None if charged is None else Amounts(**charged))


def _secret(_common: Common, block: str) -> str | None:
    found = (store(block) for store in SECRET_STORES)
    return next((each.get_secret_value() for each in found if each is not None), None)


_ANSWERS: Mapping[str, Any] = {
    "policy": _policy,
    "met_before": lambda common, case_id, number: common.met_before(case_id, number),
    "take": _take,
    "give_back": _give_back,
    "secret": _secret,
}
