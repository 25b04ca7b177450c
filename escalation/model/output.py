"""Output of the function of a call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Output:
    """What work returns: small JSON values and named files, which are its identity, and evidence.

    Attributes:
        values: small JSON values.
        files: named bytes.
        evidence: bytes to keep beside the result that may differ from run to run (timings, logs);
            they become `RawResult.evidence`.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Mapping[str, bytes] = field(default_factory=dict)
