"""Whether what stands beside an export's rows says what they say, and a checkpoint has their chain."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from escalation.model.identity import canonical_json, digest_bytes
from records.export.in_words import outcome_in_words
from records.export.payload import CHAIN, PROOF, STORE, ExportPayload, Json, pretty

_DIGEST_LENGTH = 64


def beside(found: ExportPayload) -> Iterator[str]:
    """A line on each file for people that is not what the case's row and its first event say."""
    said = dict(_said(found))
    for path, digest in said.items():
        if path not in found.files:
            yield f"data/{path} is missing: it is not what the ledger says"
        elif digest_bytes(found.files[path]) != digest:
            yield f"data/{path} was changed: it is not what the ledger says"
    opened, info = _opened(found), found.info
    told = {what: info[f"{what}_digest"] for what in ("problem", "instance", "policy")}
    own = found.withheld or digest_bytes(canonical_json(info["problem"])) == opened["problem"]
    if not own or any(opened[what] != digest for what, digest in told.items()):
        yield "data/cases.json: was opened as another case"


def _said(found: ExportPayload) -> Iterator[tuple[str, str | None]]:
    """The digests that files must have, by path; of those that may be left out, where they are there."""
    info, opened = found.info, _opened(found)
    for name, data in (
        ("outcome", outcome_in_words(found.row)),
        ("problem", info["problem"]),
        ("environment", info["environment"]),
    ):
        yield f"{name}.json", digest_bytes(pretty(data))
    yield "policy.yaml", digest_bytes(info["policy_text"].encode())
    perhaps = {"requirements.lock": info["environment"].get("lock"), "policy.json": opened["policy"]}
    yield from ((path, digest) for path, digest in perhaps.items() if path in found.files)
    for path in found.files:
        folder, _, name = path.rpartition("/")
        if folder == STORE and len(name) == _DIGEST_LENGTH:
            yield path, name


def _opened(found: ExportPayload) -> Json:
    body: Json = next(event["body"] for event in found.events if event["kind"] == "case.opened")
    return body


def repeated(found: ExportPayload) -> Iterator[str]:
    """A line on each decision and outcome that names another value or target than certificate and problem."""
    aim = found.info["problem"]["target"]
    target = aim["at_least"] if aim["at_most"] is None else aim["at_most"]
    values = [(row["attempt"]["certificate"] or {}).get("value") for row in found.read("attempts.json")]
    for row in found.read("decisions.json"):
        said, number = row["decision"], row["decision"]["number"]
        changes = (said["nearest_flip"] or {}).get("changes", ())
        named = [each for each in changes if each["fact"] == "attempt.value"]
        if any([each["value"], each["limit"]] != [values[number - 1], target] for each in named):
            yield f"decision {number}: says another value or target than certificate and problem"
    if (found.row["outcome"] or {}).get("value") not in [None, *values]:
        yield "data/outcome.json: no attempt has a certificate of that value"


def unproven(found: ExportPayload) -> Iterator[str]:
    """A line where no checkpoint is shown to have the chain: RFC 9162, section 2.1."""
    try:
        (proof,) = found.lines(PROOF)
        shown = _shown(proof, found)
    except (LookupError, TypeError, ValueError):
        yield f"data/{PROOF}: expected the proof that a checkpoint has this chain"
        return
    if not shown:
        yield f"data/{PROOF}: the checkpoint does not have this chain"


def _shown(proof: Mapping[str, Any], found: ExportPayload) -> bool:
    leaf, checkpoint = proof["leaf"], proof["checkpoint"].encode()
    node = sha256(b"\0" + canonical_json(leaf)).digest()
    for left, right in proof["path"]:
        node = sha256(b"\1" + bytes.fromhex(left) + node + bytes.fromhex(right)).digest()
    chain = zip(found.events, found.lines(CHAIN), strict=True)
    hashes = {(name, event["number"]): digest for event, (name, digest) in chain}
    said: Json = ExportPayload({"checkpoint": checkpoint}).read("checkpoint")
    fits = (digest_bytes(checkpoint), said["body"]["root"]) == (proof["hash"], node.hex())
    return fits and hashes.get((leaf["chain"], leaf["number"])) == leaf["hash"]
