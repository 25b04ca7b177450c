"""From IBM's published properties of a device to our calibration. Pure but for reading the snapshot."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Any

from backends.circuits.calibrations import DISABLED
from backends.ibm_runtime import snapshots
from escalation.model.calibration import Calibration, GateCalibration, LayerFidelity, QubitCalibration
from escalation.model.frozen import in_utc

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@cache
def calibration(device: str) -> Calibration:
    """Returns the calibration of a snapshot, each file read once."""
    return build(device, snapshots.configuration(device), snapshots.properties(device))


def build(device: str, configuration: Mapping[str, Any], properties: Mapping[str, Any]) -> Calibration:
    """Builds a calibration from what IBM's `configuration` and `properties` calls return.

    Durations become seconds; values that are not finite become None; disabled gates keep error 1.
    """
    family = configuration.get("processor_type") or {}
    delay_us = configuration.get("default_rep_delay")
    return Calibration(
        device=device,
        processor=" r".join(str(family[key]) for key in ("family", "revision") if key in family),
        calibrated_at=in_utc(datetime.fromisoformat(properties["last_update_date"])),
        num_qubits=configuration["n_qubits"],
        qubits=tuple(_qubit(number, items) for number, items in enumerate(properties["qubits"])),
        gates=tuple(_gates(configuration["basis_gates"], properties["gates"])),
        layer_fidelity=tuple(_layers(properties.get("general", ()))),
        repetition_delay_s=None if delay_us is None else delay_us * 1e-6,
    )


def _qubit(number: int, items: Iterable[Mapping[str, Any]]) -> QubitCalibration:
    values = {item["name"]: _value(item) for item in items}
    return QubitCalibration(
        qubit=number,
        t1_s=values.get("T1"),
        t2_s=values.get("T2"),
        readout_error=values.get("readout_error"),
        operational=bool(values.get("operational", 1.0)),
    )


def _gates(basis: Iterable[str], gates: Iterable[Mapping[str, Any]]) -> Iterable[GateCalibration]:
    known = set(basis) | {"measure", "reset"}
    for gate in gates:
        if gate["gate"] in known:
            values = {item["name"]: _value(item) for item in gate["parameters"]}
            disabled = values.get("operational", 1.0) == 0.0
            yield GateCalibration(
                gate=gate["gate"],
                qubits=tuple(gate["qubits"]),
                error=DISABLED if disabled else values.get("gate_error"),
                duration_s=values.get("gate_length"),
            )


def _layers(general: Iterable[Mapping[str, Any]]) -> Iterable[LayerFidelity]:
    for item in general:
        kind, _, length = item["name"].partition("_")
        value = _value(item)
        if kind == "lf" and length.isdigit() and value is not None:
            yield LayerFidelity(qubits=int(length), fidelity=value)


def _value(item: Mapping[str, Any]) -> float | None:
    """Returns a published value in SI units (frequencies are left as they are)."""
    value = item["value"]
    if not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value) * SECONDS.get(item.get("unit", ""), 1.0)
