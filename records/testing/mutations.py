"""Seeded mutations of an export's files, by somebody who has all of it but the site's key.

A mutation may be crude (a bit, a file, a row) or thorough: after it, all plain hashes are made anew, those of
files in the manifests, and those of rows in the events, whose chain is then hashed anew to its end.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from hashlib import sha256, sha512
from random import Random
from typing import Any

from records.signing.envelope import pae, sign
from records.signing.keys import SigningKey

Files = dict[str, bytes]
Mutation = Callable[[Files, Random], None]
"""Changes the files in place."""


def _pick(files: Mapping[str, bytes], chance: Random, begins: str = "", ends: str = "") -> str:
    fitting = [
        path for path, data in files.items() if path.startswith(begins) and path.endswith(ends) and data
    ]
    return chance.choice(sorted(fitting))


def flip_a_bit(files: Files, chance: Random) -> None:
    """One bit of one file."""
    path = _pick(files, chance)
    data = bytearray(files[path])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    files[path] = bytes(data)


def change_a_byte(files: Files, chance: Random) -> None:
    """A byte of one file is another one, gone, or there twice."""
    path = _pick(files, chance)
    data = bytearray(files[path])
    at = chance.randrange(len(data))
    other = (data[at] + chance.randrange(1, 256)) % 256
    data[at : at + 1] = chance.choice([b"", bytes([data[at], data[at]]), bytes([other])])
    files[path] = bytes(data)


def cut_the_tail(files: Files, chance: Random) -> None:
    """A file ends early."""
    path = _pick(files, chance)
    files[path] = files[path][: chance.randrange(len(files[path]))]


def take_a_file_away(files: Files, chance: Random) -> None:
    """One file is not there."""
    del files[_pick(files, chance)]


def add_a_file(files: Files, chance: Random) -> None:
    """A file is there that was not."""
    files[chance.choice(["data/more.json", "more.txt", "data/store/" + "0" * 64, "signature/more"])] = b"more"


def rename_a_file(files: Files, chance: Random) -> None:
    """A file has another name."""
    path = _pick(files, chance)
    files[f"{path}.{chance.randrange(100)}"] = files.pop(path)


def swap_two_files(files: Files, chance: Random) -> None:
    """Two files have each other's bytes."""
    one = _pick(files, chance)
    other = chance.choice(sorted(path for path, data in files.items() if data != files[one]))
    files[one], files[other] = files[other], files[one]


def _of_lines(files: Files, chance: Random, change: Callable[[list[bytes], int], None]) -> None:
    long = [path for path, data in files.items() if len({*data.splitlines()}) > 2]
    path = chance.choice(sorted(long))
    lines = before = files[path].splitlines(keepends=True)
    while lines == before:
        lines = [*before]
        change(lines, chance.randrange(1, len(lines)))
    files[path] = b"".join(lines)


def take_a_row_away(files: Files, chance: Random) -> None:
    """A line of a file is gone."""

    def change(lines: list[bytes], at: int) -> None:
        del lines[at]

    _of_lines(files, chance, change)


def double_a_row(files: Files, chance: Random) -> None:
    """A line of a file is there twice."""

    def change(lines: list[bytes], at: int) -> None:
        lines.insert(at, lines[at])

    _of_lines(files, chance, change)


def swap_two_rows(files: Files, chance: Random) -> None:
    """Two lines of a file are in another order."""

    def change(lines: list[bytes], at: int) -> None:
        lines[at], lines[at - 1] = lines[at - 1], lines[at]

    _of_lines(files, chance, change)


def change_a_number(files: Files, chance: Random) -> None:
    """One digit of a file that people read, or of the ledger: a value of MLflow's, a price, a certificate."""
    paths = [path for path in files if path.endswith((".json", ".jsonl")) and any(map(_digit, files[path]))]
    path = chance.choice(sorted(paths))
    data = bytearray(files[path])
    at = chance.choice([place for place, byte in enumerate(data) if _digit(byte)])
    data[at] = ord("0") + (data[at] - ord("0") + chance.randrange(1, 10)) % 10
    files[path] = bytes(data)


def _digit(byte: int) -> bool:
    return chr(byte).isdigit()


def forge_a_row(files: Files, chance: Random) -> None:
    """A row gets another value, and every event from its seal on another hash: the chain is good again."""
    path = _pick(files, chance, "data/ledger/rows/")
    before = files[path].splitlines()
    at = chance.randrange(len(before))
    row = json.loads(before[at])
    name = chance.choice(sorted(name for name, value in row.items() if isinstance(value, str | int | float)))
    row[name] = f"{row[name]}1" if isinstance(row[name], str) else row[name] + 1
    after = [*before]
    after[at] = _plain(row)
    files[path] = b"".join(line + b"\n" for line in after)
    reseal(files, {sha256(before[at]).hexdigest(): sha256(after[at]).hexdigest()})


def forge_an_event(files: Files, chance: Random) -> None:
    """An event says something else, and all after it are hashed anew."""
    lines = files["data/ledger/events.jsonl"].splitlines()
    at = chance.randrange(len(lines))
    event = json.loads(lines[at])
    event["at"] = event["at"].replace("2026", "2027")
    lines[at] = _plain(event)
    files["data/ledger/events.jsonl"] = b"".join(line + b"\n" for line in lines)
    reseal(files, {})


def drop_the_last_events(files: Files, chance: Random) -> None:
    """The ledger's last events are not there."""
    last = chance.randrange(1, files["data/ledger/chain.jsonl"].count(b"\n"))
    for path in ("data/ledger/events.jsonl", "data/ledger/chain.jsonl"):
        files[path] = b"".join(files[path].splitlines(keepends=True)[:-last])


CRUDE: tuple[Mutation, ...] = (
    *(flip_a_bit, change_a_byte, cut_the_tail, take_a_file_away, add_a_file, rename_a_file, swap_two_files),
    *(take_a_row_away, double_a_row, swap_two_rows, change_a_number),
)
FORGED: tuple[Mutation, ...] = (forge_a_row, forge_an_event, drop_the_last_events)


def mutated(files: Mapping[str, bytes], chance: Random, other: SigningKey) -> tuple[str, Files]:
    """The files after one mutation, crude or thorough, and what it was.

    Args:
        files: of an export; they stay as they are.
        chance: chooses.
        other: a key that is not the site's.
    """
    mutation, thorough = (
        chance.choice([*CRUDE, *FORGED]),
        chance.choice(["", "rehashed", "signed with another key"]),
    )
    made = dict(files)
    while made == files:
        mutation(made, chance)
    if thorough == "rehashed" or (thorough and not _whole(made)):
        rehash(made)
    elif thorough:
        sign_anew(made, other)
    if made == files:  # what was changed were the hashes alone, which were made again
        return mutated(files, chance, other)
    return f"{mutation.__name__} {thorough}".strip(), dict(sorted(made.items()))


def _whole(files: Files) -> bool:
    """Whether the envelope can still be read."""
    try:
        return bool(
            json.loads(b64decode(json.loads(files["signature/statement.dsse.json"])["payload"]))["subject"]
        )
    except (KeyError, ValueError, TypeError):
        return False


def reseal(files: Files, digests: dict[str, str]) -> None:
    """Hashes all events anew, digests of rows replaced: what a chain without a signature cannot show."""
    lines = files["data/ledger/events.jsonl"].decode().splitlines()
    chain = [json.loads(line) for line in files["data/ledger/chain.jsonl"].splitlines()]
    texts, new = list[bytes](), list[bytes]()
    hashes: dict[str, str] = {}
    for line, (name, was) in zip(lines, chain, strict=True):
        text = line
        for before, after in {**digests, **hashes}.items():
            text = text.replace(before, after)
        texts.append(text.encode() + b"\n")
        hashes[was] = sha256(text.encode()).hexdigest()
        new.append(_plain([name, hashes[was]]) + b"\n")
    files["data/ledger/events.jsonl"], files["data/ledger/chain.jsonl"] = b"".join(texts), b"".join(new)


def rehash(files: Files) -> None:
    """Makes the manifests anew."""
    for kind, digest in (("sha256", sha256), ("sha512", sha512)):
        _manifest(files, f"manifest-{kind}.txt", digest, lambda path: path.startswith("data/"))
    _manifest(
        files, "tagmanifest-sha256.txt", sha256, lambda path: not path.startswith(("data/", "tagmanifest-"))
    )


def _manifest(files: Files, name: str, digest: Callable[[bytes], Any], has: Callable[[str], bool]) -> None:
    lines = [f"{digest(files[path]).hexdigest()}  {path}\n" for path in sorted(files) if has(path)]
    files[name] = "".join(lines).encode()


def sign_anew(files: Files, key: SigningKey) -> None:
    """Signs what is there with another key, as thoroughly as the site would."""
    said = json.loads(b64decode(json.loads(files["signature/statement.dsse.json"])["payload"]))
    for subject in said.get("subject", ()):
        data = files.get(subject.get("name"), b"")  # the statement may be what was changed
        subject["digest"] = {"sha256": sha256(data).hexdigest(), "sha512": sha512(data).hexdigest()}
    envelope = sign(said, key)
    files["signature/statement.dsse.json"] = _plain(envelope)
    files["signature/statement.pae"] = pae(envelope["payloadType"], b64decode(envelope["payload"]))
    files["signature/statement.sig"] = b64decode(envelope["signatures"][0]["sig"])
    files["signature/key.pem"] = key.public.pem.encode()
    rehash(files)


def _plain(data: object) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
