"""The site's key: whose it is, what is refused, and that OpenSSL takes what it signs."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from records.signing.keys import VerifyingKey, find_key, key_file, make_key, site_key

# RFC 8032, section 7.1, TEST 2: the secret key in the 16 bytes that RFC 8410 puts around it
SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def openssl(*args: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *args], input=given, capture_output=True, check=True, timeout=60).stdout


def test_a_key_is_its_users_alone_and_is_not_replaced(site: Settings) -> None:
    made = make_key(site)
    assert key_file(site) == site.home / "signing-key.pem"
    assert key_file(site).stat().st_mode & 0o777 == 0o600
    assert site.home.stat().st_mode & 0o777 == 0o700
    assert site_key(site).public.pem == made.public.pem
    before = key_file(site).read_bytes()
    with pytest.raises(BadInput, match="is there already"):
        make_key(site)
    assert key_file(site).read_bytes() == before
    assert [path.name for path in site.home.iterdir()] == ["signing-key.pem"]


def test_openssl_reads_the_key_and_checks_what_it_signed(site: Settings, tmp_path: Path) -> None:
    public = make_key(site).public
    private = key_file(site)
    assert openssl("pkey", "-in", str(private), "-pubout").decode() == public.pem
    der = openssl("pkey", "-pubin", "-outform", "DER", given=public.pem.encode())
    assert hashlib.sha256(der).hexdigest() == public.key_id
    (tmp_path / "m").write_bytes(b"message")
    (tmp_path / "s").write_bytes(site_key(site).sign(b"message"))
    (tmp_path / "p.pem").write_text(public.pem)
    asked = ["pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "p.pem"), "-rawin"]
    said = openssl(*asked, "-in", str(tmp_path / "m"), "-sigfile", str(tmp_path / "s"))
    assert b"Signature Verified Successfully" in said


def test_the_signature_is_that_of_rfc_8032(site: Settings) -> None:
    der = bytes.fromhex("302e020100300506032b657004220420") + SECRET
    site.home.mkdir()
    key_file(site).write_bytes(openssl("pkey", "-inform", "DER", given=der))
    key_file(site).chmod(0o600)
    key = site_key(site)
    assert key.sign(bytes.fromhex("72")).hex() == SIGNATURE
    assert key.public.signed(bytes.fromhex(SIGNATURE), bytes.fromhex("72"))
    assert not key.public.signed(bytes.fromhex(SIGNATURE), bytes.fromhex("73"))
    assert not key.public.signed(b"", bytes.fromhex("72"))


def test_a_site_without_a_key_has_none_until_it_is_asked_for(site: Settings) -> None:
    assert find_key(site) is None
    with pytest.raises(BadInput, match=r"no key to sign with yet: `tierwise keys make`"):
        site_key(site)


def test_a_key_that_is_named_must_be_there(site: Settings, tmp_path: Path) -> None:
    named = site.model_copy(update={"signing_key": tmp_path / "elsewhere.pem"})
    with pytest.raises(BadInput, match="TIERWISE_SIGNING_KEY names it"):
        find_key(named)
    make_key(named)
    assert site_key(named).public.pem
    assert not key_file(site).exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_signs_nothing(site: Settings, mode: int) -> None:
    make_key(site)
    key_file(site).chmod(mode)
    with pytest.raises(BadInput, match=f"got mode {mode:04o}"):
        site_key(site)


@pytest.mark.parametrize("algorithm", [["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["X25519"], ["ED448"]])
def test_a_key_of_another_kind_is_refused(site: Settings, algorithm: list[str]) -> None:
    site.home.mkdir()
    key_file(site).write_bytes(openssl("genpkey", "-algorithm", *algorithm))
    key_file(site).chmod(0o600)
    with pytest.raises(BadInput, match="expected an Ed25519 key in PEM"):
        site_key(site)
    public = openssl("pkey", "-in", str(key_file(site)), "-pubout")
    with pytest.raises(BadInput, match="expected an Ed25519 public key"):
        VerifyingKey.of_pem(public, "site.pem")


@pytest.mark.parametrize("what", [b"", b"-----BEGIN PRIVATE KEY-----\n", b"\0" * 100])
def test_what_is_no_key_is_refused(site: Settings, what: bytes) -> None:
    site.home.mkdir()
    key_file(site).write_bytes(what)
    key_file(site).chmod(0o600)
    with pytest.raises(BadInput, match="expected an Ed25519 key in PEM"):
        find_key(site)
