"""Identity: the SHA-256 of key-sorted JSON, used alike by cache, ledger and tracking."""

import hashlib
import json
from typing import Any

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
"""Made once: `json.dumps` makes an encoder at every call."""


def canonical_json(value: Any) -> bytes:
    """Returns `value` as UTF-8 JSON with sorted keys and no white space.

    Raises:
        ValueError: on NaN or infinity, which have no JSON form.
        TypeError: on anything that is not JSON.
    """
    return _encode(value).encode()


def digest_bytes(data: bytes) -> str:
    """Returns the SHA-256 of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """Returns the SHA-256 of the canonical JSON of `value`."""
    return digest_bytes(canonical_json(value))


def derive_seed(seed: int, *labels: str | int) -> int:
    """Derives an independent 32-bit seed for the named purpose from a parent seed."""
    return int(digest_json([seed, *labels])[:8], 16)
