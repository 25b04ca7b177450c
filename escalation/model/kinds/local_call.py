"""A call of a function in a process of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from escalation.model.blob import Blob
from escalation.model.kinds.call import Call
from escalation.model.resources import Resources


@dataclass(frozen=True)
class LocalCall(Call):
    """A call of a top-level function, in a process of its own.

    The function is `def f(params: dict, inputs: dict[str, bytes], report: Report) -> Output`, see
    `Output` and `Report`. It must be deterministic in its params and inputs.

    Attributes:
        function: `package.module:name`.
        params: plain JSON data.
        inputs: named bytes.
    """

    kind: ClassVar[str] = "local_call"
    sample: ClassVar[str] = "escalation.testing.works:local_call"
    names: ClassVar[str] = "function"
    function: str
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    resources: Resources = Resources()
