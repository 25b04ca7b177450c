"""Scikit-learn estimators as skops files: deterministic bytes, and no type that could run code."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from toolbox.models.archive import pack

TRUSTED: tuple[str, ...] = ("numpy.dtype", "sklearn.utils._bunch.Bunch")
"""Types that a skops file may hold beyond those that skops itself trusts: the description of an array
element, which imputers keep, and scikit-learn's dictionary with attributes, which stacks keep. Neither
runs code that a file could choose."""


def dump_estimator(estimator: Any) -> bytes:
    """Writes a scikit-learn estimator as a skops file whose bytes depend on the estimator alone.

    skops names members after memory addresses and stamps them with the clock; here arrays are named by
    their SHA-256 and the addresses, which only spare loading equal objects twice, are left out.
    """
    from skops.io import dumps

    with zipfile.ZipFile(io.BytesIO(dumps(estimator))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members.pop("schema.json"))
    names = {name: _content_name(name, data) for name, data in members.items()}
    content = {names[name]: data for name, data in members.items()}
    text = json.dumps(_anonymous(schema, names), separators=(",", ":"))
    return pack({**content, "schema.json": text.encode()})


def load_estimator(data: bytes) -> Any:
    """Reads a skops file, refusing every type that is neither skops's own nor in `TRUSTED`.

    Raises:
        ValueError: when the bytes are no skops file or hold types that are not trusted.
    """
    from skops.io import get_untrusted_types, loads

    try:
        refused = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
        if refused:
            raise ValueError(f"the model file holds types that are not trusted: {', '.join(refused)}")
        return loads(data, trusted=list(TRUSTED))
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError, ImportError) as error:
        raise ValueError(
            f"expected a skops model file, got {len(data)} bytes that are none: {error}"
        ) from None


def _content_name(name: str, data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()}.{name.rpartition('.')[2]}"


def _anonymous(node: Any, names: Mapping[str, str]) -> Any:
    """Drops addresses from a skops schema and renames the members it points to."""
    if isinstance(node, list):
        return [_anonymous(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _anonymous(value, names) for key, value in node.items() if key != "__id__"}
    if isinstance(kept.get("file"), str):
        kept["file"] = names.get(kept["file"], kept["file"])
    return kept
