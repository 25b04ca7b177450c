"""How long a user waits before anything happens.

    python -m bench.startup [--repeats 7]

Method: each command is started in a fresh interpreter, the lot of them in turn (so that a slow minute of
the machine meets all alike), once unmeasured to warm the file cache, then `--repeats` times; medians of the
whole process's wall time. The bare interpreter is the baseline.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable

from bench.machine import machine, row, seconds

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "tierwise --help": ["-m", "tierwise", "--help"],
    "import flows": ["-c", "import flows"],
    "import escalation.engine.opening": ["-c", "import escalation.engine.opening"],
    "from flows.escalate import escalate (imports Prefect)": ["-c", "from flows.escalate import escalate"],
    "tierwise policy check default": ["-m", "tierwise", "policy", "check", "default"],
    "tierwise devices": ["-m", "tierwise", "devices"],
}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    print(machine())
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(repeats + 1):
        for name, arguments in COMMANDS.items():
            once = seconds(_starting(arguments), 1)
            if turn:
                found[name] += once
    for name, times in found.items():
        print(row(name, times))


def _starting(arguments: list[str]) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
