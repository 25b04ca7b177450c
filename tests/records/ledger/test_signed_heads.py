"""Heads signed with the site's key: who rewrites the whole database cannot sign what is left."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.errors import CorruptRecord
from records.backup import back_up, restore
from records.ledger.ledger import SqlLedger
from records.ledger.signed_heads import KIND, PREDICATE, HeadSigner, gone, missed, said_by
from records.signing.envelope import sign, statement
from records.signing.keys import SigningKey
from records.store.files import FileStore

Info = Callable[..., CaseInfo]


@pytest.fixture
def key() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


@pytest.fixture
def signing(url: str, store: FileStore, key: SigningKey, tmp_path: Path) -> Any:
    """Opens the ledger as a process with the site's key does."""
    opened: list[SqlLedger] = []

    def make() -> SqlLedger:
        opened.append(SqlLedger(url, store, signer=HeadSigner(key, tmp_path / "signed-heads")))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.close()


def told(ledger: SqlLedger, about: str) -> list[dict[str, Any]]:
    return [event["body"]["envelope"] for event in ledger.events(about) if event["kind"] == KIND]


def test_the_end_of_a_case_is_signed_with_the_ends_of_money_and_of_the_checkpoints(
    signing: Any, key: SigningKey, make_info: Info
) -> None:
    ledger = signing()
    ledger.open_case(make_info("a"))
    assert ledger.reserve(WorkKey("a", 0, 0), Amounts(usd=1), Caps(usd=2))
    ledger.make_checkpoint()
    ledger.close_case("a", CaseStatus.FAILED, None)
    [envelope] = told(ledger, "a")
    assert ledger.signed_head("a") == envelope
    said = json.loads(base64.b64decode(envelope["payload"]))  # as anybody reads it
    ends = {event["chain"]: event for event in ledger.events() if event["kind"] not in (KIND, "x")}
    before = [event for event in ledger.events("/checkpoints") if event["kind"] == KIND][-1]
    assert {each["name"]: each["digest"]["sha256"] for each in said["subject"]} == {
        "a": ends["a"]["hash"], "/money": ends["/money"]["hash"], "/checkpoints": before["hash"]
    }  # fmt: skip
    assert said["predicate"]["heads"] == {"a": 2, "/money": 1, "/checkpoints": 2}
    assert said["predicate"]["ledger"] == ledger.name()
    assert ledger.findings() == ()


def test_every_checkpoint_is_signed_and_the_last_is_kept_outside_of_the_database(
    signing: Any, key: SigningKey, make_info: Info, tmp_path: Path
) -> None:
    ledger = signing()
    for number, case_id in enumerate("abc", start=1):
        ledger.open_case(make_info(case_id))
        assert ledger.make_checkpoint().number == 2 * number - 1
    envelopes = told(ledger, "/checkpoints")
    assert [said_by(each, [key.public]).heads[0][:2] for each in envelopes] == [
        ("/checkpoints", 1), ("/checkpoints", 3), ("/checkpoints", 5)
    ]  # fmt: skip
    kept = json.loads((tmp_path / "signed-heads" / f"{ledger.name()}.json").read_bytes())
    assert kept == envelopes[-1]
    ledger.make_checkpoint()  # nothing grew: there is nothing new to sign
    assert told(ledger, "/checkpoints") == envelopes
    assert ledger.findings() == ()


def test_what_is_left_of_a_ledger_that_was_cut_is_not_signed_by_the_next_honest_process(
    signing: Any, key: SigningKey, make_info: Info, sql: Any, url: str
) -> None:
    """Whoever owns the database takes the last case away, with every trace of it, and makes the rest fit."""
    ledger = signing()
    for case_id in ("a", "b"):
        ledger.open_case(make_info(case_id))
        ledger.make_checkpoint()
    first = ledger.events("/checkpoints")[1]
    kept = ledger._signer.kept(ledger.name())
    off = [
        f"DROP TRIGGER {table}_no_delete" + (f" ON {table}" if url.startswith("postgresql") else "")
        for table in ("events", "leaves")
    ]
    tables = ("leases", "events", "cases")
    sql(
        *off,
        *(f"DELETE FROM {table} WHERE case_id = 'b'" for table in tables),
        "DELETE FROM heads WHERE chain = 'b'",
        "DELETE FROM leaves WHERE chain = 'b'",
        "DELETE FROM events WHERE chain = '/checkpoints' AND number > 2",
        f"UPDATE heads SET number = 2, hash = '{first['hash']}' WHERE chain = '/checkpoints'",
    )
    assert ledger.findings() == ()  # in the database all fits
    other = signing()
    other.open_case(make_info("c"))
    assert other.make_checkpoint().leaves == 2
    assert len(told(other, "/checkpoints")) == 1
    assert other._signer.kept(other.name()) == kept
    assert "event 3 of the chain of checkpoints, which was signed from here" in other.lacking()
    with pytest.raises(CorruptRecord, match="older than this home"):
        other.check("c")
    with other._database.reading() as connection:
        [(chain, number, _)] = gone(connection, said_by(kept, [key.public]).heads)
    assert (chain, number) == ("/checkpoints", 3)


def test_what_a_back_up_left_behind_is_not_missed_once_it_was_put_back_with_the_key(
    url: str, signing: Any, key: SigningKey, make_info: Info, tmp_path: Path
) -> None:
    ledger = signing()
    ledger.open_case(make_info("a"))
    ledger.make_checkpoint()
    store = ledger.store
    back_up(url, store, tmp_path / "copy")
    ledger.close_case("a", CaseStatus.FAILED, None)
    ledger.make_checkpoint()
    signer, late = ledger._signer, said_by(ledger.signed_head("a"), [key.public])
    for name, with_key in (("without", None), ("with", signer)):
        target = f"sqlite:///{tmp_path}/{name}.db"
        restore(tmp_path / "copy", None, target, store, signer=with_key)
        again = SqlLedger(target, store, signer=signer)
        with again._database.reading() as connection:
            gone_ = missed(connection, late, [key.public])
        assert [each[0] for each in gone_] == ([] if with_key else ["a"])
        kept = json.loads((tmp_path / "signed-heads" / f"{again.name()}.json").read_bytes())
        assert (kept == told(again, "/checkpoints")[-1]) is bool(with_key)
        assert bool(again.lacking()) is not bool(with_key)
        again.close()


def test_nothing_is_paid_for_on_a_ledger_that_is_older_than_its_home(
    paid: SqlLedger, key: SigningKey, make_question: Any, tmp_path: Path
) -> None:
    row = paid.find_submission(WorkKey("c", 0, 1))
    assert row is not None
    said = {"ledger": paid.name(), "at": "2026-01-01T00:00:00+00:00", "heads": {"/checkpoints": 99}}
    later = sign(statement({"/checkpoints": {"sha256": "0" * 64}}, PREDICATE, said), key)
    (tmp_path / f"{paid.name()}.json").write_text(json.dumps(later))
    paid._signer = HeadSigner(key, tmp_path)
    before = paid.events()
    with pytest.raises(CorruptRecord, match="nothing is spent on it"):
        paid.authorise(row, make_question(row), Caps(), "p", 1060.0)
    with pytest.raises(CorruptRecord, match="nothing is spent on it"):
        paid.consult(make_question(row), 1060.0)
    assert paid.events() == before


def test_a_head_says_nothing_without_the_sites_signature(
    signing: Any, key: SigningKey, make_info: Info
) -> None:
    ledger, other = signing(), SigningKey(Ed25519PrivateKey.generate())
    ledger.open_case(make_info("a"))
    ledger.make_checkpoint()
    [envelope] = told(ledger, "/checkpoints")
    with pytest.raises(CorruptRecord, match="which is not known here"):
        said_by(envelope, [other.public])
    said = json.loads(base64.b64decode(envelope["payload"]))
    said["predicate"]["heads"] = {"/checkpoints": 0}
    forged = {**envelope, "payload": base64.b64encode(json.dumps(said).encode()).decode()}
    with pytest.raises(CorruptRecord, match="did not sign this envelope"):
        said_by(forged, [key.public])
    for wrong in ({}, None, {"signatures": 3}, {**envelope, "payload": "no base 64"}):
        with pytest.raises(CorruptRecord):
            said_by(wrong, [key.public])


def test_a_site_without_a_key_signs_nothing(ledger: SqlLedger, make_info: Info) -> None:
    ledger.open_case(make_info("a"))
    ledger.close_case("a", CaseStatus.FAILED, None)
    ledger.make_checkpoint()
    assert [event["kind"] for event in ledger.events()] == ["case.opened", "case.closed", "checkpoint.made"]
    assert ledger.signed_head("a") is None
