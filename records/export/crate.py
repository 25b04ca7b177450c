"""The payload as a Provenance Run Crate (profile 0.5) in RO-Crate 1.1: what ran, on what, what came of it.

Sources: w3id.org/ro/crate/1.1, w3id.org/ro/wfrun/provenance/0.5.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from escalation.model.identity import digest_bytes
from records.export.payload import EVENTS, ExportPayload
from records.export.run import HOME, PARAMETERS, SITE, WORKFLOW, CaseRun, parameter

METADATA, README = "ro-crate-metadata.json", "README.md"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_TERMS = "https://w3id.org/ro/terms/workflow-run#"
_LICENCE = "#licence"
_FORMATS = {
    "md": "text/markdown",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "yaml": "application/yaml",
    "lock": "text/plain",
    "html": "text/html",
    "OpenQASM 3": "text/plain",
}
"""By the end of a name; the rest is bytes."""
FILES = {
    README: "What is in the export, and how it is checked",
    "problem.json": "The problem: family, instance, target, budget, data class, seed",
    "policy.json": "The acting policy as it was hashed, with the gates of its families",
    "policy.yaml": "The acting policy",
    "environment.json": "Code commit, lock, interpreter, machine and versions that the case was opened with",
    "requirements.lock": "The lock of the environment",
    "outcome.json": "What the case came to",
    "rungs.json": "The rungs that the decisions chose among",
    "mlflow.json": "What MLflow shows of the case and its attempts: parameters, metrics, tags",
    "cases.json": "The case: problem, digests of its data, policy, environment, status, outcome",
    "decisions.json": "Every decision with its facts, and the alternatives not taken",
    "attempts.json": "Every attempt: seed, quote, certificate, cost, and where its work ran",
    "intents.json": "Every piece of work as it was asked for, and its raw result",
    "budgets.json": "What was set aside and billed",
    "handoffs.json": "Every submission: options as sent, price, job, calibrations, usage",
    "approvals.json": "Every question to a person, and the answer",
    EVENTS: "The ledger's events, byte by byte as they were hashed",
}
Entity = dict[str, Any]


def metadata(found: ExportPayload, now: datetime, key_id: str) -> bytes:
    """The crate's metadata.

    Args:
        found: the payload without it.
        now: when the export is made.
        key_id: names the site, by the key it signs with.
    """
    graph = [{name: _single(value) for name, value in each.items()} for each in _entities(found, now, key_id)]
    terms = {name: f"{_TERMS}{name}" for name in ("resourceUsage", "sha256")}
    crate = {"@context": ["https://w3id.org/ro/crate/1.1/context", terms], "@graph": graph}
    return json.dumps(crate, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _entities(found: ExportPayload, now: datetime, key_id: str) -> Iterator[Entity]:
    run = CaseRun(found)
    made = now.isoformat(timespec="seconds")
    files = [
        _file(path, data, found) | {"sdDatePublished": made}
        for path, data in sorted(found.files.items())
        if path != WORKFLOW
    ]
    yield {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": _ref("./"),
        "conformsTo": [
            _ref("https://w3id.org/ro/crate/1.1"),
            _ref("https://w3id.org/workflowhub/workflow-ro-crate/1.0"),
        ],
    }
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Case {run.case_id}",
        "description": described(found),
        "identifier": run.case_id,
        "datePublished": made,
        "author": _ref(SITE),
        "publisher": _ref(SITE),
        "license": _ref(_LICENCE),
        "conformsTo": [_ref(profile) for profile in _PROFILES],
        "mainEntity": _ref(WORKFLOW),
        "mentions": [_ref(action) for action in run.actions],
        "hasPart": [_ref(WORKFLOW), *(_ref(file["@id"]) for file in files)],
    }
    for profile, name in _PROFILES.items():
        yield {"@id": profile, "@type": "CreativeWork", "name": name, "version": profile.rpartition("/")[2]}
    yield {
        "@id": SITE,
        "@type": "Organization",
        "name": f"The site of key {key_id}",
        "url": f"{HOME}/site/{key_id}",
    }
    yield {
        "@id": _LICENCE,
        "@type": "CreativeWork",
        "name": "Not licensed",
        "description": "The site that exported the case says who may use it.",
    }
    yield from files
    yield from run.entities(made)


def described(found: ExportPayload) -> str:
    """What the export is of, in words."""
    said = (
        f"The record of a case of Tierwise that is {found.row['status']}. Asked was: {found.info['asked']}."
    )
    if found.withheld:
        said += (
            f" Its data are {found.data_class} and may not leave the site: they, and what "
            "repeats them, are withheld; their digests are in ledger/withheld.jsonl and store/withheld.jsonl."
        )
    return said


def _file(path: str, data: bytes, found: ExportPayload) -> Entity:
    words = found.paths.get(path)
    name = words[0] if words else path
    entity: Entity = {
        "@id": path,
        "@type": "File",
        "name": "; ".join(words) if words else FILES.get(path, f"Of the ledger: {path}"),
        "encodingFormat": next(
            (kind for end, kind in _FORMATS.items() if name.endswith(end)), "application/octet-stream"
        ),
        "contentSize": str(len(data)),
        "sha256": digest_bytes(data),
    }
    if path == README:
        entity["about"] = _ref("./")
    return entity | ({"exampleOfWork": _ref(parameter(path))} if path in PARAMETERS else {})


def _single(value: Any) -> Any:
    """A list of one is that one, as RO-Crate has it."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _ref(name: str) -> Entity:
    return {"@id": name}
