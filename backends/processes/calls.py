"""What happens inside a working process: call the function, check what it returns, say where it ran."""

import importlib
import json
import os
import platform
import resource
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escalation.model.amounts import Amounts
from escalation.model.blob import Blob
from escalation.model.errors import of_machine
from escalation.model.identity import canonical_json, digest_bytes
from escalation.model.job_state import JobState
from escalation.model.output import Output

LIBRARIES = ("numpy", "scipy", "sklearn", "xgboost", "pandas", "mapie", "skops", "mpi4py", "qiskit")


UNWRITTEN = os.EX_IOERR
"""Exit code of a process whose result, or whose failure, could not be written."""


def print_to(path: Path) -> None:
    """Sends what this process prints to the end of a file, what C code and child processes print too."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for number in (1, 2):
        os.dup2(target, number)
    os.close(target)


def resolve(path: str) -> Callable[..., Any]:
    """Imports the function that `module:name` names; raises the import system's errors, and `TypeError`."""
    module, _, name = path.partition(":")
    function = getattr(importlib.import_module(module), name)
    if not callable(function):
        raise TypeError(f"expected {path} to name a function, it is a {type(function).__name__}")
    return function  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Returned:
    """An `Output` as another process reads it."""

    values: dict[str, Any]
    files: dict[str, Blob]
    evidence: dict[str, Blob]


def checked(output: Any) -> Returned:
    """Returns the parts of an `Output`, as another process would read them.

    Raises:
        TypeError: when it is not an `Output`, or holds what JSON and bytes cannot.
        ValueError: on NaN or infinity among the values.
    """
    if not isinstance(output, Output):
        raise TypeError(f"expected an escalation.model.output.Output, got {type(output).__name__}")
    values: dict[str, Any] = json.loads(canonical_json(dict(output.values)))
    return Returned(values, _blobs(output.files), _blobs(output.evidence))


def _blobs(files: Mapping[str, bytes]) -> dict[str, Blob]:
    for name, data in files.items():
        if not isinstance(name, str) or not isinstance(data, bytes):
            raise TypeError(f"expected output files as bytes by name, got {name!r}: {type(data).__name__}")
    return {name: Blob(data) for name, data in files.items()}


def failure(error: BaseException) -> JobState:
    """Whose doing an error is that a program raised: the program's, or the machine's under it."""
    return JobState.FAULT if of_machine(error) else JobState.FAILED


def reusable(threads_before: int) -> bool:
    """Tells whether the last call left nothing running; if it did, this process must not serve another."""
    import psutil

    return not psutil.Process().children() and threading.active_count() <= threads_before


class Meter:
    """Measures what the calling process uses, its waited-for children included, from its construction on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), cpu_s()

    def usage(self) -> Amounts:
        """Returns the seconds used so far."""
        return Amounts(wall_s=time.perf_counter() - self._wall, cpu_s=cpu_s() - self._cpu)


def cpu_s() -> float:
    """Processor seconds of the calling process and its waited-for children since they began."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def where(threads: int) -> dict[str, Any]:
    """Returns where the process runs and with what: everything that may change a floating-point bit."""
    return {
        "host": platform.node(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "threads": threads,
        "cpu": _cpu(),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    versions = ((name, getattr(sys.modules.get(name), "__version__", None)) for name in LIBRARIES)
    return {name: str(version) for name, version in versions if version is not None}


def _cpu() -> dict[str, Any]:
    cpu: dict[str, Any] = _cpuinfo()
    if "numpy" in sys.modules:
        simd: Mapping[str, Any] = sys.modules["numpy"].show_config(mode="dicts")["SIMD Extensions"]
        cpu["numpy_simd"] = [*simd.get("baseline", []), *simd.get("found", [])]
    return cpu


def _cpuinfo() -> dict[str, Any]:
    """Reads Linux's /proc/cpuinfo: the model, and a digest of the instruction sets it offers."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = " ".join(sorted(fields.get("flags", fields.get("Features", "")).split()))
    return {
        "model": fields.get("model name", platform.processor()),
        "features_sha256": digest_bytes(flags.encode()) if flags else None,
    }
