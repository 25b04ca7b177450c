"""The map of the used qubits: which are shown, and with which errors."""

import re

from escalation.model.calibration import Calibration, GateCalibration, QubitCalibration
from records.views.drawings import qubit_map

LINE = Calibration(
    device="line",
    num_qubits=5,
    qubits=tuple(QubitCalibration(qubit=n, readout_error=0.01 * (n + 1)) for n in range(5)),
    gates=(
        *(GateCalibration(gate="cz", qubits=(n, n + 1), error=0.002 * (n + 1)) for n in range(4)),
        GateCalibration(gate="rzz", qubits=(1, 0), error=0.001),
    ),
)


def numbers(svg: str) -> set[str]:
    return set(re.findall(r">(\d+)</text>", svg))


def test_used_qubits_and_their_neighbours_are_shown_and_no_others() -> None:
    svg = qubit_map.drawn(LINE, [1, 2], "m")
    assert svg is not None
    assert numbers(svg) == {"0", "1", "2", "3"}
    assert "qubit 1: readout error 2 %" in svg
    assert ">0.4 %</text>" in svg  # of the gate on 1 and 2, both used
    assert "0.2 %" not in svg
    assert svg == qubit_map.drawn(LINE, [2, 1], "m")


def test_of_several_gates_on_a_pair_the_best_is_told() -> None:
    assert qubit_map.couplings(LINE)[0] == qubit_map.Coupling(0, 1, 0.001)


def test_places_do_not_coincide_where_the_used_qubits_are_in_parts() -> None:
    svg = qubit_map.drawn(LINE, [0, 4], "m")
    assert svg is not None
    places = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)
    assert len(places) == len(set(places)) == 4


def test_there_is_no_map_of_qubits_that_the_calibration_does_not_know() -> None:
    assert qubit_map.drawn(LINE, [], "m") is None
    assert qubit_map.drawn(LINE, [9], "m") is None
