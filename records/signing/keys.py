"""The site's Ed25519 key (RFC 8032): a PEM file (PKCS #8) that its user alone can read."""

import os
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from escalation.inputs.home import OTHERS, private_home
from escalation.inputs.settings import Settings
from escalation.inputs.user_files import read_bytes
from escalation.model.errors import BadInput

MOST_BYTES = 2**16


class VerifyingKey:
    """The public half of a site's key.

    Attributes:
        pem: as a PEM file (SubjectPublicKeyInfo, RFC 8410), which `openssl pkey -pubin` reads.
        key_id: SHA-256 of the same as DER.
        raw: its 32 bytes (RFC 8032, section 5.1.5).
    """

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = key.public_bytes(serialization.Encoding.PEM, form).decode()
        self.raw = key.public_bytes_raw()
        self.key_id = sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()

    @classmethod
    def of_pem(cls, pem: bytes, where: str) -> "VerifyingKey":
        """Reads a public key; raises `BadInput` where it is none of Ed25519, or several."""
        several = pem.count(b"-----BEGIN")
        if several > 1:  # of which the first alone would count, without a word
            raise BadInput(
                f"{where}: expected one public key, got {several}: put each into a file of its own"
            )
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise BadInput(
                f"{where}: expected an Ed25519 public key in PEM, as `tierwise keys show` prints it"
            )
        return cls(key)

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature of the message is this key's."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A site's key.

    Attributes:
        public: what others check its signatures with.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = VerifyingKey(key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The signature of the message, 64 bytes; always the same."""
        return self._key.sign(message)


def key_file(settings: Settings) -> Path:
    """Where the site's key is, or would be."""
    return settings.key_file


def make_key(settings: Settings) -> SigningKey:
    """Makes the site's key.

    Raises:
        BadInput: when there is one, or the file cannot be written.
    """
    path, key = key_file(settings), Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with private_home(settings.home):
        try:
            _write_new(path, pem)
        except FileExistsError:
            raise BadInput(
                f"{path}: is there already, and what it signed is checked with it; to change keys, move it "
                "away to a safe place first, and keep its public half"
            ) from None
        except OSError as error:
            raise BadInput(f"{path}: the key cannot be written: {error.strerror}") from None
    return SigningKey(key)


def _write_new(path: Path, pem: bytes) -> None:
    """Writes a file that was not there; whoever reads meanwhile sees all of it or nothing."""
    aside = path.with_name(f".{path.name}-{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)  # refuses where one is there, as a rename does not
    finally:
        aside.unlink(missing_ok=True)


def find_key(settings: Settings) -> SigningKey | None:
    """The site's key; None where the site has made none, and names none.

    Raises:
        BadInput: when what is there is no such key, others can read it, or what the settings name is missing.
    """
    path = key_file(settings)
    if settings.signing_key is None and not os.path.lexists(path):
        return None
    pem = read_bytes(path, MOST_BYTES, missing="no such file: TIERWISE_SIGNING_KEY names it")
    found = path.stat()
    if found.st_uid not in {os.geteuid(), 0} or found.st_mode & OTHERS:
        raise BadInput(
            f"{path}: expected a key that its user alone can read, got mode "
            f"{stat.S_IMODE(found.st_mode):04o} of user {found.st_uid}: whoever could read it can sign; make "
            "another, or `chmod 600` it"
        )
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(
            f"{path}: expected an Ed25519 key in PEM without a passphrase, as `tierwise keys make` does"
        )
    return SigningKey(key)


def site_key(settings: Settings) -> SigningKey:
    """The site's key.

    Raises:
        BadInput: as `find_key`, and when there is none.
    """
    found = find_key(settings)
    if found is None:
        raise BadInput(f"{key_file(settings)}: the site has no key to sign with yet: `tierwise keys make`")
    return found
