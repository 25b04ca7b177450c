"""What a home keeps of a ledger that is written to from it: its last signed head, and whose signatures count.

Two files a ledger, in `signed-heads/`: `NAME.json` is the head, `NAME.keys.json` the keys, written after it:
who has the second without the first lost it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from escalation.inputs.whole_files import write_whole
from escalation.model.errors import BadInput, CorruptRecord

if TYPE_CHECKING:
    from records.signing.keys import VerifyingKey

FOLDER = "signed-heads"


@dataclass(frozen=True)
class Trust:
    """Whose signatures under heads of a ledger count in a home.

    Attributes:
        own: id of the key with which the home signs; None: with none, as a person said.
        keys: public halves (PEM) by key id.
        lost: ids of keys whose public half nobody has, as a person said: what they signed is passed over.
        looked: whether all heads that MLflow has were compared with the ledger once.
    """

    own: str | None
    keys: Mapping[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    looked: bool = False

    def verifying(self) -> "tuple[VerifyingKey, ...]":
        """The keys, to verify with."""
        from records.signing.keys import VerifyingKey

        try:
            return tuple(
                VerifyingKey.of_pem(pem.encode(), "a key of this home") for pem in self.keys.values()
            )
        except (BadInput, AttributeError):
            raise CorruptRecord("holds what is no public key") from None


class Kept(NamedTuple):
    """What a home keeps of a ledger.

    Attributes:
        head: the signed head, an envelope; None where there is none.
        trust: whose signatures count; None where nothing was signed or accepted yet.
        wrong: what cannot be read of both; "" where nothing is wrong.
    """

    head: Any = None
    trust: Trust | None = None
    wrong: str = ""


class HomeHeads:
    """The files of a home."""

    def __init__(self, folder: Path) -> None:
        """Touches nothing yet."""
        self.folder = folder

    def read(self, ledger: str) -> Kept:
        """What is kept of the ledger of that name; what cannot be read is not taken for nothing."""
        head = trust = None
        try:
            if (told := _json(self._head(ledger))) is not None:
                head = told
            if (told := _json(self._keys(ledger))) is not None:
                trust = _trust(told, self._keys(ledger))
        except CorruptRecord as error:
            return Kept(head, trust, str(error))
        if head is None and trust is not None:
            return Kept(
                head, trust, f"{self._head(ledger)}, the head that was signed last from here, is gone"
            )
        return Kept(head, trust)

    def write(self, ledger: str, head: Mapping[str, Any] | None, trust: Trust) -> None:
        """Keeps both, the head first."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if head is not None:
            write_whole(self._head(ledger), json.dumps(head).encode(), durable=True, read_only=True)
        write_whole(self._keys(ledger), json.dumps(asdict(trust)).encode(), durable=True, read_only=True)

    def _head(self, ledger: str) -> Path:
        return self.folder / f"{ledger}.json"

    def _keys(self, ledger: str) -> Path:
        return self.folder / f"{ledger}.keys.json"


def _json(path: Path) -> Any | None:
    """A JSON object in a file; None where there is no such file."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        if path.is_symlink():
            raise CorruptRecord(f"{path} leads nowhere") from None
        return None
    except OSError as error:
        raise CorruptRecord(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CorruptRecord(f"{path} is damaged: it holds no JSON object")
    return found


def _trust(told: Any, path: Path) -> Trust:
    try:
        trust = Trust(told["own"], dict(told["keys"]), tuple(told["lost"]), bool(told["looked"]))
        if {each.key_id for each in trust.verifying()} != set(trust.keys):
            raise CorruptRecord("names a key by another id than its own")
    except (KeyError, TypeError, ValueError):
        raise CorruptRecord(f"{path} is damaged: it does not say whose signatures count") from None
    except CorruptRecord as error:
        raise CorruptRecord(f"{path} is damaged: it {error}") from None
    return trust
