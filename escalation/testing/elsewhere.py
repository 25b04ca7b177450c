"""Another process, for the contract suite: reads a result from its handle and prints the result's digest.

`python -m escalation.testing.elsewhere MODULE:CLASS HOME DEVICE HANDLE`, DEVICE empty for the default.
"""

import json
import sys
from pathlib import Path

from escalation.inputs.settings import Settings
from escalation.ports.machines import Backend
from escalation.ports.registry import resolve


def main() -> None:
    """Reads the command line and prints the digest of the result."""
    path, home, device, handle = sys.argv[1:]
    backend: Backend = resolve(path)(Settings(home=Path(home)), device or None)
    try:
        print(backend.result(json.loads(handle)).digest)  # noqa: T201
    finally:
        backend.close()


if __name__ == "__main__":
    main()
