"""What faults make of an answer's right body, by their names. Pure."""

import json
import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

Params = Mapping[str, Any]
Spoiler = Callable[[bytes, Params], bytes]

MANY = 1_000_000_000
THIRTY_THOUSAND_YEARS_S = 1e12
MEGABYTE = 1 << 20
GZIP = bytes.fromhex("1f8b08000000000000ff")
"""The head of a gzip file without a name or a date (RFC 1952)."""
FOREIGN_JOB = "practice-job-of-another"
FOREIGN_RESULT: Mapping[str, Any] = {
    "schema_version": "v2.0",
    "data": [],
    "passthrough_data": None,
    "semantic_role": None,
    "metadata": {"chunk_timing": []},
}
"""Of a program without items, as ibm-quantum-schemas has it."""


def spoilt(name: str, body: bytes, params: Params) -> bytes:
    """Returns what the fault makes of the body; faults that leave the body alone return it."""
    return SPOILERS[name](body, params) if name in SPOILERS else body


def _json(change: Callable[[Any, Params], Any]) -> Spoiler:
    """A spoiler of what the body says."""
    return lambda body, params: json.dumps(change(json.loads(body or b"{}"), params)).encode()


def _constant(body: bytes) -> Spoiler:
    return lambda _, params: body


def _bomb(body: bytes, params: Params) -> bytes:
    """Many spaces after the first byte: JSON that means the same, and packs down to a thousandth.

    A megabyte is packed once and repeated: blocks that are flushed whole stand by themselves (RFC 1951).
    """
    blank, times = b" " * MEGABYTE, int(params["megabytes"])
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in (body[:1], blank)]
    last, crc = packer.compress(body[1:]) + packer.flush(), zlib.crc32(body[:1])
    for _ in range(times):
        crc = zlib.crc32(blank, crc)
    size = (len(body) + MEGABYTE * times) % 2**32
    return GZIP + packed[0] + packed[1] * times + last + struct.pack("<II", zlib.crc32(body[1:], crc), size)


def _deep(body: bytes, params: Params) -> bytes:
    levels = int(params["levels"])
    return b"[" * levels + b"]" * levels


def _altered(data: Any, params: Params) -> Any:
    """Every tensor claims a shape that its data do not have, every array is cut in half."""
    if isinstance(data, list):
        return [_altered(item, params) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get("__type__") == "ndarray" and isinstance(data.get("__value__"), str):
        return {**data, "__value__": data["__value__"][: len(data["__value__"]) // 2]}
    if {"data", "shape", "dtype"} <= set(data):
        return {**data, "shape": [*data["shape"][:-1], data["shape"][-1] + 8]}
    return {name: _altered(item, params) for name, item in data.items()}


def _offline(data: Any, params: Params) -> Any:
    down = {"name": "offline", "reason": "practice"}
    if "devices" in data:
        return {**data, "devices": [{**device, "status": down} for device in data["devices"]]}
    return {**data, "state": False, "status": "maintenance"}


def _seconds(value: Any) -> Spoiler:
    """Every count of seconds becomes the value; None takes them out."""

    def change(data: Any, params: Params) -> Any:
        if not isinstance(data, dict):
            return data
        kept = {name: change(entry, params) for name, entry in data.items()}
        if value is None:
            return {name: entry for name, entry in kept.items() if "seconds" not in name}
        return {name: value if "seconds" in name else entry for name, entry in kept.items()}

    return _json(change)


def _pending(data: Any, params: Params) -> Any:
    usage = {"status": "pending", "seconds": 0, "quantum_seconds": 0, "qpu_charge_time_seconds": 0}
    return {**data, "usage": usage, "bss": {"seconds": 0}}


def _revised(data: Any, params: Params) -> Any:
    """All seconds of the bill times a factor; the next answer tells the truth."""
    if not isinstance(data, dict):
        return data
    kept = {name: _revised(entry, params) for name, entry in data.items()}
    return {name: entry * params["factor"] if "seconds" in name else entry for name, entry in kept.items()}


def _endless(data: Any, params: Params) -> Any:
    """Fills the page up with jobs of others; their ids tell their places."""
    place, rows = data["offset"], data["jobs"]
    others = [_foreign(f"{FOREIGN_JOB}-{place + n}") for n in range(len(rows), data["limit"])]
    return {**data, "jobs": [*rows, *others], "count": MANY}


def _foreign(name: str) -> dict[str, Any]:
    state = {"status": "Completed"}
    times = {"created": "2026-01-01T00:00:00Z"}
    return {"id": name, "state": state, **state, "tags": [], "session_id": None, "cost": None, **times}


def _odd_rows(data: Any, params: Params) -> Any:
    rows = [None, 7, {}, {"id": None}, _foreign(FOREIGN_JOB) | {"state": {"status": "Suspended"}}]
    return {**data, "jobs": [*rows, *data["jobs"]], "count": len(rows) + data["count"]}


def _dated(change: Callable[[datetime, Params], str]) -> Spoiler:
    def spoilt(data: Any, params: Params) -> Any:
        return {
            **data,
            "last_update_date": change(datetime.fromisoformat(data["last_update_date"]), params),
        }

    return _json(spoilt)


def _nonsense(data: Any, params: Params) -> Any:
    wrong = {"gate_error": float("nan"), "readout_error": -0.5, "gate_length": -32, "T1": 0, "T2": None}
    return {
        **data,
        "qubits": [[_wrong(item, wrong) for item in qubit] for qubit in data["qubits"]],
        "gates": [
            {**gate, "parameters": [_wrong(item, wrong) for item in gate["parameters"]]}
            for gate in data["gates"]
        ],
    }


def _wrong(item: Any, wrong: Mapping[str, Any]) -> Any:
    return {**item, "value": wrong[item["name"]]} if item["name"] in wrong else item


def _state(status: Callable[[Params], str]) -> Spoiler:
    return _json(lambda data, params: {**data, "status": status(params), "state": {"status": status(params)}})


SPOILERS: Mapping[str, Spoiler] = {
    "corrupt_json": lambda body, _: b"<" * len(body),
    "corrupt_bytes": lambda body, _: b"\xff" * len(body),
    "altered": _json(_altered),
    "bomb": _bomb,
    "deep_json": _deep,
    "empty_body": _constant(b""),
    "empty_object": _constant(b"{}"),
    "device_offline": _json(_offline),
    "device_unlisted": _json(lambda data, _: {**data, "devices": []}),
    "list_endless": _json(_endless),
    "list_repeats": _json(lambda data, _: {**data, "count": MANY}),
    "list_omits": _json(lambda data, _: {**data, "jobs": [], "count": 0}),
    "list_count_wrong": _json(lambda data, _: {**data, "count": 0}),
    "list_odd_rows": _json(_odd_rows),
    "usage_pending": _json(_pending),
    "usage_nan": _seconds(float("nan")),
    "usage_negative": _seconds(-60.0),
    "usage_absurd": _seconds(THIRTY_THOUSAND_YEARS_S),
    "usage_missing": _seconds(None),
    "usage_text": _seconds("twelve seconds"),
    "usage_revised": _json(_revised),
    "other_job": _json(lambda data, _: {**data, "id": FOREIGN_JOB}),
    "other_result": _constant(json.dumps(FOREIGN_RESULT).encode()),
    "state_unknown": _state(lambda params: str(params["state"])),
    "state_backwards": _state(lambda _: "Queued"),
    "calibration_future": _dated(lambda at, params: (at + timedelta(hours=params["hours"])).isoformat()),
    "calibration_zoneless": _dated(lambda at, _: at.replace(tzinfo=None).isoformat()),
    "calibration_undated": _json(lambda data, _: {n: v for n, v in data.items() if n != "last_update_date"}),
    "calibration_nonsense": _json(_nonsense),
}
