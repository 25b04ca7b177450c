"""A call of a function in a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from escalation.model.blob import Blob
from escalation.model.identity import digest_json
from escalation.model.kinds.call_json import call_json
from escalation.model.resources import Resources


@dataclass(frozen=True)
class LocalCall:
    """A call of a top-level function, in a process of its own.

    The function is `def f(params: dict, inputs: dict[str, bytes], report: Report) -> Output`, see
    `Output` and `Report`. It must be deterministic in its params and inputs.

    Attributes:
        function: `package.module:name`.
        params: plain JSON data.
        inputs: named bytes.
    """

    kind: ClassVar[str] = "local_call"
    function: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    resources: Resources = Resources()

    def to_json(self) -> dict[str, Any]:
        return {"function": self.function, **call_json(self)}

    @property
    def digest(self) -> str:
        return digest_json(self.to_json())
