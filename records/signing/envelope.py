"""What is signed: an in-toto Statement (v1) in a DSSE envelope (v1).

Sources: github.com/secure-systems-lab/dsse, protocol.md and envelope.md; github.com/in-toto/attestation,
spec/v1/statement.md.
"""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from escalation.model.errors import CorruptRecord
from escalation.model.identity import canonical_json
from records.signing.keys import SigningKey, VerifyingKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def statement(
    subjects: Mapping[str, Mapping[str, str]], predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """An in-toto Statement.

    Args:
        subjects: by name, the digests by algorithm, hexadecimal: `{"sha256": …}`.
        predicate_type: a URI that says what the predicate means.
        predicate: what is said of the subjects.
    """
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": dict(found)} for name, found in sorted(subjects.items())],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def sign(said: Mapping[str, Any], key: SigningKey) -> dict[str, Any]:
    """A statement in its signed envelope, as JSON data; the same for the same statement and key."""
    payload = canonical_json(said)
    signature = key.sign(pae(PAYLOAD_TYPE, payload))
    return {
        "payload": b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key.public.key_id, "sig": b64encode(signature).decode()}],
    }


def signed(envelope: Any, key: VerifyingKey) -> dict[str, Any]:
    """The statement in an envelope that the key signed; read from the very bytes that were signed.

    Raises:
        CorruptRecord: when the key did not sign it, or it is no such envelope.
    """
    try:
        kind, payload = envelope["payloadType"], b64decode(envelope["payload"], validate=True)
        signatures = [b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
        message = pae(kind, payload)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise CorruptRecord("expected a DSSE envelope with payload, payloadType and signatures") from None
    if not any(key.signed(each, message) for each in signatures):
        raise CorruptRecord(f"key {key.key_id} did not sign this envelope")
    said = json.loads(payload) if kind == PAYLOAD_TYPE else None
    if not isinstance(said, dict) or said.get("_type") != STATEMENT:
        raise CorruptRecord(f"expected an in-toto Statement ({STATEMENT}) in the envelope, got {kind}")
    return said
