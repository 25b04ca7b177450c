"""The code that scores with a model, copied under a name of its own, so that MLflow alone can load it.

A model's bytes are data; what reads them is a few modules of this project. These are found by their imports,
copied into one package whose name holds the digest of its content, and their imports of each other renamed
with it: two models never share a module, nor get into the way of an installed Tierwise.
"""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions, version
from pathlib import Path

from escalation.model.identity import digest_json

_OURS = ("escalation", "problems", "toolbox")
_IMPORT = re.compile(rf"^(\s*)from ({'|'.join(_OURS)})\b", re.MULTILINE)
_LOADER = '''\
"""Loads and scores one model of Tierwise; see `MLmodel` beside it for the case it is from."""

import hashlib
from pathlib import Path
from typing import Any

SHA256 = "{sha256}"
OPTIONAL = {optional}


def _load_pyfunc(path: str) -> "Scorer":
    """What MLflow calls; refuses bytes other than those that the certificate is about."""
    data = Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ValueError(f"expected the model with SHA-256 {{SHA256}}, got other bytes at {{path}}")
    return Scorer(data)


class Scorer:
    """Scores rows: P(positive), in a column `score`."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def predict(self, model_input: Any, params: Any = None) -> Any:
        import pandas as pd

        from {package}.{module} import {function}

        absent = {{name: kind for name, kind in OPTIONAL.items() if name not in model_input}}
        missing = {{name: float("nan") if kind == "number" else None for name, kind in absent.items()}}
        rows = model_input.assign(**missing)
        return pd.DataFrame({{"score": {function}(self._data, rows)}})
'''


def portable(
    scorer: str, sha256: str, optional: Mapping[str, str]
) -> tuple[str, dict[str, bytes], list[str]]:
    """Returns the package that scores with a model.

    Args:
        scorer: `module:function` from the model's bytes and a DataFrame to scores, shape (rows,).
        sha256: of the model's bytes.
        optional: the columns that may be absent, and then count as missing in every row, with their kind.

    Returns:
        Its name, its files by path, and the distributions that it needs, pinned.
    """
    module, _, function = scorer.partition(":")
    sources = {name: path.read_text(encoding="utf-8") for name, path in _closure(module).items()}
    package = f"tierwise_model_{digest_json([scorer, sha256, dict(optional), sources])[:16]}"
    loader = _LOADER.format(
        sha256=sha256, optional=repr(dict(optional)), package=package, module=module, function=function
    )
    files = {f"{package}/__init__.py": loader.encode()}
    for name, source in sources.items():
        tail = "/__init__.py" if _is_package(name) else ".py"
        renamed = _IMPORT.sub(rf"\1from {package}.\2", source)
        files[f"{package}/{name.replace('.', '/')}{tail}"] = renamed.encode()
    return package, files, _requirements(sources)


def _closure(start: str) -> Mapping[str, Path]:
    """The modules of ours that a module needs, packages around them included, with their files."""
    waiting, found = [start], dict[str, Path]()
    while waiting:
        name = waiting.pop()
        path = None if name in found else _file(name)
        if path is not None:
            found[name] = path
            waiting += [name[: dot.start()] for dot in re.finditer(r"\.", name)]
            waiting += [each for each in _imported(path.read_text(encoding="utf-8")) if _ours(each)]
    return found


def _file(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:  # a name in a module, not a module
        return None
    return None if spec is None or spec.origin is None else Path(spec.origin)


def _is_package(name: str) -> bool:
    path = _file(name)
    return path is not None and path.name == "__init__.py"


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _ours(name: str) -> bool:
    return name.partition(".")[0] in _OURS


def _requirements(sources: Mapping[str, str]) -> list[str]:
    """The distributions behind all other imports, as installed here; skops reads with scikit-learn."""
    named = {name.partition(".")[0] for source in sources.values() for name in _imported(source)}
    others = named - set(_OURS) - set(sys.stdlib_module_names)
    known = packages_distributions()
    wanted = {known[name][0] for name in others if name in known} | {"mlflow", "pandas"}
    if "skops" in wanted:
        wanted.add("scikit-learn")
    return sorted(f"{name}=={version(name)}" for name in wanted)
