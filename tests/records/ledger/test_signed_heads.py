"""Heads signed with the site's key: who rewrites the whole database cannot sign what is left."""

import base64
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from escalation.model.amounts import Amounts, Caps
from escalation.model.case import CaseInfo, CaseStatus, WorkKey
from escalation.model.errors import BadInput, CorruptRecord
from records.backup import back_up, restore
from records.ledger.head_signer import HeadSigner
from records.ledger.ledger import SqlLedger
from records.ledger.signed_heads import KIND, PREDICATE, gone, missed, said_by
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
    kept = ledger._signer.home.read(ledger.name()).head
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
    assert other._signer.home.read(other.name()).head == kept
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


Opening = Callable[[SigningKey | None], SqlLedger]
Told = list[tuple[str, Any]]


@pytest.fixture
def elsewhere() -> Told:
    """What MLflow was told."""
    return []


@pytest.fixture
def opening(store: FileStore, tmp_path: Path, elsewhere: Told) -> Iterator[Opening]:
    """Opens one SQLite ledger from one home, with whatever key the home has then."""
    opened: list[SqlLedger] = []

    def make(key: SigningKey | None) -> SqlLedger:
        signer = HeadSigner(key, tmp_path / "signed-heads", lambda ledger, since_s: elsewhere)
        opened.append(SqlLedger(f"sqlite:///{tmp_path / 'own.db'}", store, signer=signer))
        return opened[-1]

    yield make
    for ledger in opened:
        ledger.close()


def kept_of(ledger: SqlLedger) -> Any:
    """The head that the home keeps."""
    assert ledger._signer is not None
    return ledger._signer.home.read(ledger.name()).head


def other() -> SigningKey:
    return SigningKey(Ed25519PrivateKey.generate())


def refused(ledger: SqlLedger, why: str) -> None:
    """The ledger is not spent on, is not signed, and its audit says why."""
    before = len([event for event in ledger.events() if event["kind"] == KIND])
    with pytest.raises(CorruptRecord, match=f"{why}.*nothing is spent on it"):
        ledger.check()
    assert any(re.search(why, line) for line in ledger.head_findings([]))
    ledger.note("x", "noted", {"why": why})
    ledger.make_checkpoint()
    assert len([event for event in ledger.events() if event["kind"] == KIND]) == before


def test_a_key_that_changed_or_is_gone_stops_spending_until_a_person_says_so(
    opening: Opening, key: SigningKey, make_info: Info, elsewhere: Told
) -> None:
    ledger = opening(key)
    ledger.open_case(make_info("a"))
    ledger.close_case("a", CaseStatus.FAILED, None)
    ledger.make_checkpoint()
    elsewhere.append(("MLflow", ledger.signed_head("a")))
    ledger.check()
    new = other()
    refused(opening(None), f"the key {key.public.key_id} .* is gone")
    changed = opening(new)
    refused(changed, f"was replaced by {new.public.key_id}")
    done = changed.accept_heads([], [], "root")
    assert (done.trust.own, {*done.trust.keys}) == (new.public.key_id, {key.public.key_id, new.public.key_id})
    changed.check()
    assert changed.head_findings([]) == changed.findings() == ()
    assert said_by(told(changed, "/checkpoints")[-1], [new.public]).at
    assert [each["body"]["known_as"] for each in changed.events() if each["kind"] == "key.accepted"] == [
        "root"
    ]
    keyless = opening(None)
    refused(keyless, f"the key {new.public.key_id} .* is gone")
    keyless.accept_heads([], [], "root")
    keyless.check()


def test_heads_of_a_key_that_nobody_named_stop_spending(
    opening: Opening, key: SigningKey, make_info: Info, elsewhere: Told, tmp_path: Path
) -> None:
    """A home that never signed, as of a machine that was set up anew; MLflow has a head of an earlier key."""
    ledger = opening(key)
    ledger.open_case(make_info("a"))
    ledger.close_case("a", CaseStatus.FAILED, None)
    ledger.make_checkpoint()
    head, id_ = ledger.signed_head("a"), key.public.key_id
    assert head is not None
    shutil.rmtree(tmp_path / "signed-heads")
    new = other()
    for own in (None, new):
        refused(opening(own), f"signed with key {id_}, which is not known here")
    ledger = opening(new)
    elsewhere.append(("MLflow", {**head, "signatures": [{**head["signatures"][0], "keyid": "lost"}]}))
    with pytest.raises(BadInput, match=id_):
        ledger.accept_heads([], [], "root")
    with pytest.raises(BadInput, match=r"signed with key lost.*--lost"):
        ledger.accept_heads([key.public], [], "root")
    ledger.accept_heads([key.public], ["lost"], "root")
    ledger.check()
    assert ledger.head_findings([]) == ()


def test_a_copy_in_the_home_that_cannot_be_read_stops_spending_until_a_person_says_so(
    opening: Opening, key: SigningKey, make_info: Info, tmp_path: Path
) -> None:
    ledger = opening(key)
    ledger.open_case(make_info("a"))
    ledger.make_checkpoint()
    head = tmp_path / "signed-heads" / f"{ledger.name()}.json"
    keys = head.with_suffix(".keys.json")
    sound = {path: path.read_bytes() for path in (head, keys)}
    for path, data, why in (
        (head, b"", "is damaged: it holds no JSON object"),
        (head, sound[head].replace(b'"sig": "', b'"sig": "A'), "DSSE envelope|did not sign"),
        (head, b"{}", "it is no signed head"),
        (head, None, "is gone"),
        (keys, b"[]", "is damaged: it holds no JSON object"),
        (keys, sound[keys].replace(b"-----BEGIN", b"-----"), "is damaged: it holds what is no public key"),
        (keys, sound[keys].replace(b'"keys": {"', b'"keys": {"0'), "another id than its own"),
    ):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        refused(ledger, why)
        assert path.exists() is (data is not None)
        assert data is None or path.read_bytes() == data  # nor is it written over
        assert re.search(why, ledger.accept_heads([], [], "root").instead)
        ledger.check()


def test_an_older_ledger_cannot_be_accepted(opening: Opening, key: SigningKey, tmp_path: Path) -> None:
    ledger = opening(key)
    ledger.note("x", "noted", {"a": 1})
    ledger.make_checkpoint()
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(tmp_path / "own.db")) as source, closing(sqlite3.connect(old)) as target:
        source.backup(target)
    ledger.note("x", "noted", {"a": 2})
    ledger.make_checkpoint()
    late = kept_of(ledger)
    ledger.close()
    for left in tmp_path.glob("own.db-*"):
        left.unlink(missing_ok=True)
    old.replace(tmp_path / "own.db")
    again = opening(key)
    refused(again, "older than this home")
    with pytest.raises(CorruptRecord, match="older than this home"):
        again.accept_heads([], [], "root")
    with pytest.raises(CorruptRecord, match="older than this home"):
        opening(other()).accept_heads([], [], "root")
    assert kept_of(again) == late


def test_an_event_that_only_claims_the_hash_that_was_signed_is_none(
    opening: Opening, key: SigningKey, tmp_path: Path
) -> None:
    """Whoever owns the database may write any hash beside any words; what was hashed nobody can make up."""
    ledger = opening(key)
    for number in range(3):
        ledger.note("x", "noted", {"a": number})
        ledger.make_checkpoint()
    head = kept_of(ledger)
    [(_, number, hash_)] = said_by(head, [key.public]).heads
    with closing(sqlite3.connect(tmp_path / "own.db")) as shell, shell:
        shell.execute("DROP TRIGGER events_no_update")
        shell.execute(
            "UPDATE events SET body = replace(body, 'leaves\":', 'leaves\": ') "
            "WHERE chain = '/checkpoints' AND number = ?",
            (number,),
        )
    with ledger._database.reading() as connection:
        assert gone(connection, [("/checkpoints", number, hash_)]) == (("/checkpoints", number, hash_),)
    refused(ledger, "older than this home, or was rewritten")


def test_a_head_that_was_told_is_not_replaced_by_one_that_does_not_go_on_from_it(
    opening: Opening, key: SigningKey, make_info: Info
) -> None:
    ledger = opening(key)
    ledger.open_case(make_info("a"))
    ledger.close_case("a", CaseStatus.FAILED, None)
    head = ledger.signed_head("a")
    assert head is not None
    assert ledger.signed_head("a", head) == head
    said = {"ledger": ledger.name(), "at": "2026-01-01T00:00:00+00:00", "heads": {"a": 99}}
    later = sign(statement({"a": {"sha256": "0" * 64}}, PREDICATE, said), key)
    for told_ in (later, {**head, "signatures": []}, {}):
        assert ledger.signed_head("a", told_) is told_


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
