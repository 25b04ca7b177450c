"""DSSE envelopes: the specification's own example, and what is not taken for signed."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from escalation.inputs.settings import Settings
from escalation.model.errors import CorruptRecord
from records.signing.envelope import PAYLOAD_TYPE, pae, sign, signed, statement
from records.signing.keys import SigningKey, make_key

SAID = statement({"b": {"sha256": "00"}, "a": {"sha256": "11"}}, "https://example.org/p", {"n": 1})


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return make_key(Settings(home=tmp_path / "home"))


def test_what_is_signed_is_encoded_as_the_specification_shows() -> None:
    # secure-systems-lab/dsse, protocol.md, "Test Vectors"; lengths are of bytes
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("tybé", b"") == b"DSSEv1 5 tyb\xc3\xa9 0 "


def test_a_statement_comes_back_from_its_envelope(key: SigningKey) -> None:
    envelope = sign(SAID, key)
    assert signed(envelope, key.public) == SAID
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert [each["keyid"] for each in envelope["signatures"]] == [key.public.key_id]
    assert SAID["_type"] == "https://in-toto.io/Statement/v1"
    assert [each["name"] for each in SAID["subject"]] == ["a", "b"]
    assert sign(SAID, key) == envelope


def _with(envelope: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**envelope, **changes}


def test_what_the_key_did_not_sign_is_refused(key: SigningKey, tmp_path: Path) -> None:
    envelope, other = sign(SAID, key), make_key(Settings(home=tmp_path / "other"))
    payload = b64encode(b'{"_type":"https://in-toto.io/Statement/v1"}').decode()
    for changed in (
        _with(envelope, payload=payload),
        _with(envelope, payloadType="application/json"),
        _with(envelope, signatures=[]),
        sign(SAID, other),
    ):
        with pytest.raises(CorruptRecord, match="did not sign"):
            signed(changed, key.public)
    both = [*sign(SAID, other)["signatures"], *envelope["signatures"]]
    assert signed(_with(envelope, signatures=both), key.public) == SAID


@pytest.mark.parametrize(
    "what",
    [None, [], {}, {"payload": "%", "payloadType": "a", "signatures": []}, {"payload": "", "payloadType": 1}],
)
def test_what_is_no_envelope_is_refused(key: SigningKey, what: Any) -> None:
    with pytest.raises(CorruptRecord, match="expected a DSSE envelope"):
        signed(what, key.public)


def test_another_type_is_no_statement_even_if_signed(key: SigningKey) -> None:
    signature = b64encode(key.sign(pae("text/plain", b"{}"))).decode()
    envelope = {"payload": "e30=", "payloadType": "text/plain", "signatures": [{"sig": signature}]}
    with pytest.raises(CorruptRecord, match="expected an in-toto Statement"):
        signed(envelope, key.public)
    bare = b64encode(key.sign(pae(PAYLOAD_TYPE, b"{}"))).decode()
    with pytest.raises(CorruptRecord, match="expected an in-toto Statement"):
        signed(_with(envelope, payloadType=PAYLOAD_TYPE, signatures=[{"sig": bare}]), key.public)
