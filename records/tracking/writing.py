"""Writing to MLflow in few round trips: a batch a moment, files straight into a folder that is here."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import zip_longest
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from escalation.inputs.temporary import temporary_folder

_BATCH = 100
"""Of each kind, what MLflow takes at once."""
_MOST_IN_PARAM, _MOST_IN_TAG = 6000, 8000
"""Characters that MLflow keeps of a value; it cuts the rest off."""
_TAKEN = ("IntegrityError", "UniqueViolation")
"""How SQLAlchemy names what SQLite, MySQL and others, and PostgreSQL, raise where a row is there already; it
names that first in its message, which a server of MLflow hands on."""
_LOOKS = 3
"""How often it is looked for: a batch has parameters and metrics that another writer may have put there."""


def log_once(write: Callable[[], None]) -> None:
    """Writes rows that other processes may be writing at this moment, such as a data set of many cases.

    MLflow's store looks for such a row first and inserts it afterwards; where another was first in between,
    the next look finds the row of that one.

    Args:
        write: which may be called again without harm.
    """
    from mlflow.exceptions import MlflowException

    for _ in range(_LOOKS - 1):
        try:
            return write()
        except MlflowException as error:
            if not any(name in str(error) for name in _TAKEN):
                raise
    return write()


def log(
    client: Any,
    run_id: str,
    *,
    params: Mapping[str, Any] | None = None,
    metrics: Mapping[str, float | None] | None = None,
    tags: Mapping[str, Any] | None = None,
    at_ms: int = 0,
) -> None:
    """Logs parameters, metrics (of `at_ms`) and tags at once, but for None and what is not finite."""
    from mlflow.entities import Metric, Param, RunTag

    batches = zip_longest(
        _batches(Metric(name, value, at_ms, 0) for name, value in shown_metrics(metrics or {}).items()),
        _batches(Param(name, value) for name, value in shown_params(params or {}).items()),
        _batches(RunTag(name, value) for name, value in shown_tags(tags or {}).items()),
        fillvalue=(),
    )
    for some in batches:
        log_once(partial(client.log_batch, run_id, *some))


def shown_metrics(metrics: Mapping[str, float | None]) -> dict[str, float]:
    """Metrics as MLflow has them."""
    return {key(name): float(value) for name, value in _there(metrics) if isfinite(value)}


def shown_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as MLflow has them."""
    return {key(name): _text(value)[:_MOST_IN_PARAM] for name, value in _there(params)}


def shown_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """Tags as MLflow has them."""
    return {key(name): str(value)[:_MOST_IN_TAG] for name, value in _there(tags)}


def _text(value: Any) -> str:
    """The value of a parameter; the same for the same data, in whatever order their names came."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | tuple | dict) else str(value)


def log_files(client: Any, run: Any, files: Mapping[str, bytes]) -> None:
    """Logs named bytes as artefacts of a run; a slash in a name makes a sub-folder."""
    folder = _local(str(run.info.artifact_uri))
    if folder is not None:
        lay_out(folder, files)
        return
    with laid_out(files) as path:
        client.log_artifacts(run.info.run_id, str(path))


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files below the folder, in sub-folders where a name has slashes."""
    for file, data in files.items():
        path = folder.joinpath(*(safe(part) for part in file.split("/") if part))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@contextmanager
def laid_out(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A temporary folder that holds the files."""
    with temporary_folder("artifacts") as folder:
        lay_out(folder, files)
        yield folder


def key(name: str) -> str:
    """The name with what MLflow refuses in keys replaced."""
    return re.sub(r"[^\w\-. :/]", "_", name)


def safe(name: str) -> str:
    """The name as one plain file name: no hidden files, no way up."""
    return re.sub(r"^\.+", "_", re.sub(r"[^\w\-.@+ ]", "_", name))


def flat(prefix: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Nested plain data as `prefix.name.name: value`."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, Mapping):
            found |= flat(path, value)
        else:
            found[path] = value
    return found


def _local(uri: str) -> Path | None:
    """The folder that an artefact location is on this machine; None where it is a service's or a bucket."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(url2pathname(parts.path))
    return Path(uri) if not parts.scheme else None


def _there(values: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in (values or {}).items() if value is not None)


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    items = list(items)
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]
