"""A BagIt bag (RFC 8493, version 1.0) around a payload, signed; a dictionary of files by path."""

from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256, sha512
from typing import Any

from escalation.model.identity import canonical_json
from records.signing.envelope import PAYLOAD_TYPE, pae, sign, statement
from records.signing.keys import SigningKey

Files = dict[str, bytes]
PAYLOAD = "data"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
PREDICATE = "urn:tierwise:export:v1"
INFO = "bag-info.txt"
ENVELOPE = "signature/statement.dsse.json"
MESSAGE, SIGNATURE, PUBLIC_KEY = "signature/statement.pae", "signature/statement.sig", "signature/key.pem"
_ALGORITHMS = {"sha256": sha256, "sha512": sha512}


def signed_bag(
    payload: Mapping[str, bytes],
    about: Mapping[str, str],
    tags: Mapping[str, bytes],
    said: Mapping[str, Any],
    key: SigningKey,
) -> Files:
    """All files of the bag, in order.

    Args:
        payload: files by path.
        about: of `bag-info.txt`, besides what is counted here.
        tags: further files beside the payload, by path; signed as the manifests are.
        said: the predicate of what is signed.
        key: the site's.
    """
    files = {f"{PAYLOAD}/{path}": data for path, data in payload.items()}
    outside = {
        "bagit.txt": DECLARATION,
        INFO: bag_info(payload, about),
        **{f"manifest-{name}.txt": _manifest(files, name) for name in _ALGORITHMS},
        **tags,
    }
    outside |= _signature(outside, said, key)
    outside["tagmanifest-sha256.txt"] = _manifest(outside, "sha256")
    return dict(sorted({**files, **outside}.items()))


def bag_info(payload: Mapping[str, bytes], about: Mapping[str, str]) -> bytes:
    """`bag-info.txt`: what is said of the bag, and how much the payload is."""
    info = {**about, "Payload-Oxum": f"{sum(map(len, payload.values()))}.{len(payload)}"}
    return "".join(f"{name}: {info[name]}\n" for name in sorted(info)).encode()


def _manifest(files: Mapping[str, bytes], algorithm: str) -> bytes:
    digest = _ALGORITHMS[algorithm]
    return "".join(f"{digest(files[path]).hexdigest()}  {path}\n" for path in sorted(files)).encode()


def _signature(outside: Mapping[str, bytes], said: Mapping[str, Any], key: SigningKey) -> Files:
    """The envelope, and what is in it once more as the files that `openssl pkeyutl` takes."""
    subjects = {
        path: {name: digest(data).hexdigest() for name, digest in _ALGORITHMS.items()}
        for path, data in outside.items()
    }
    envelope = sign(statement(subjects, PREDICATE, said), key)
    return {
        ENVELOPE: canonical_json(envelope),
        MESSAGE: pae(PAYLOAD_TYPE, b64decode(envelope["payload"])),
        SIGNATURE: b64decode(envelope["signatures"][0]["sig"]),
        PUBLIC_KEY: key.public.pem.encode(),
    }
