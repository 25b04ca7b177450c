"""Description of the machine, for the head of every table."""

import os
import platform
from collections.abc import Callable
from statistics import median
from time import perf_counter


def machine() -> str:
    """Processor, cores, load, interpreter, in a line."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(line for line in lines if line.startswith("model name")).partition(":")[2].strip()
    except (OSError, StopIteration):
        pass
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"


def seconds(run: Callable[[], object], repeats: int) -> list[float]:
    """Times calls one after the other."""
    found = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        found.append(perf_counter() - start)
    return found


def row(name: str, found: list[float], unit: str = "s") -> str:
    """A line of a table: name, median, smallest and largest."""
    return f"{name:<58} {median(found):8.3f} {unit}  ({min(found):.3f} to {max(found):.3f}, n={len(found)})"
