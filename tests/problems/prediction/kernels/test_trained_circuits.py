"""Circuits that are trained: their text against a simulator of its own, closed forms, and gradients."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from problems.prediction.kernels import perceptron, reuploading
from problems.prediction.kernels.circuit_models import model_of, untrained
from problems.prediction.kernels.quantum_features import fit_encoding
from problems.prediction.tables.table import Column
from tests.problems.prediction.quantum.statevectors import probabilities

UPLOADED: dict[str, Any] = {"circuit": "reuploading", "qubits": 3, "layers": 2, "entangled": True}
NEURON: dict[str, Any] = {"circuit": "perceptron", "qubits": 2, "layers": 1, "entangled": True}


def fitted(shape: dict[str, Any], width: int, rows: int = 30) -> tuple[pd.DataFrame, dict[str, Any]]:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(rows, width)), columns=[f"x{i}" for i in range(width)])
    columns = [Column(f"x{i}", "number") for i in range(width)]
    return frame, {**fit_encoding(frame, columns, width), **shape}


@pytest.mark.parametrize("qubits", [2, 3])
def test_the_neuron_fires_as_its_closed_form_says_for_all_weights_and_inputs(qubits: int) -> None:
    encoding = {**NEURON, "qubits": qubits}
    count = 2**qubits
    if qubits == 2:
        vectors = np.array(list(product([1.0, -1.0], repeat=count)))
    else:
        vectors = np.random.default_rng(0).choice([1.0, -1.0], (20, count))
    products = (vectors[:, None] * vectors[None]).reshape(-1, count)
    text, names = perceptron.circuits(encoding)
    angles = perceptron.turns(products, encoding)
    assert angles.shape == (len(products), len(names)) == (len(products), count - 1)
    expected = np.array([(float(w @ i) / count) ** 2 for w in vectors for i in vectors])
    np.testing.assert_allclose(probabilities(text[0], angles)[:, 0], expected, atol=1e-12)
    np.testing.assert_allclose(perceptron.activation(products, encoding), expected, atol=1e-12)


def test_the_neuron_without_entanglement_fires_as_its_own_closed_form_says() -> None:
    encoding = {**NEURON, "qubits": 3, "entangled": False}
    products = np.random.default_rng(1).choice([1.0, -1.0], (20, 8))
    text, names = perceptron.circuits(encoding)
    assert "cx" not in text[0]
    assert len(names) == 3
    found = probabilities(text[0], perceptron.turns(products, encoding))[:, 0]
    np.testing.assert_allclose(perceptron.activation(products, encoding), found, atol=1e-12)


def test_of_all_weights_those_are_found_that_made_the_target() -> None:
    frame, encoding = fitted(NEURON, 3, 60)
    weights = np.array([1.0, -1.0, -1.0, 1.0])
    fired = perceptron.activation(perceptron.classical(frame, encoding) * weights, encoding)
    target = ((fired - fired.mean()) / fired.std())[:, None]
    found, left = perceptron.trained(encoding, frame, target, ())
    assert left == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(abs(found @ weights), 4.0)


@pytest.mark.parametrize("entangled", [True, False])
def test_what_is_uploaded_is_what_its_text_says(entangled: bool) -> None:
    frame, encoding = fitted({**UPLOADED, "entangled": entangled}, 4)
    encoding["learned"] = reuploading.drawn(encoding, 5).tolist()
    angles = reuploading.encode(frame, encoding)
    text, names = reuploading.circuits(encoding)
    assert ("cz" in text[0]) is entangled
    assert angles.shape == (30, len(names)) == (30, 18)
    signs = 1.0 - 2.0 * ((np.arange(8)[:, None] >> np.arange(3)) & 1)
    expected = probabilities(text[0], angles) @ signs
    np.testing.assert_allclose(reuploading.exact(angles, encoding), expected, atol=1e-12)


def test_gradients_are_those_of_small_differences() -> None:
    frame, encoding = fitted(UPLOADED, 4)
    scaled = reuploading.classical(frame, encoding)
    rng = np.random.default_rng(2)
    targets = rng.normal(size=(30, 2))
    targets -= targets.mean(axis=0)
    free = reuploading.drawn(encoding, 1).ravel()
    _, gradient = reuploading.loss(free, scaled, targets, encoding)
    for place in range(0, len(free), 5):
        step = np.zeros(len(free))
        step[place] = 1e-5
        ahead, behind = (
            reuploading.loss(free + sign * step, scaled, targets, encoding)[0] for sign in (1, -1)
        )
        assert gradient[place] == pytest.approx((ahead - behind) / 2e-5, abs=1e-7)


def test_training_leaves_less_over_than_chance_and_is_the_same_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuploading, "ITERATIONS", 15)
    frame, encoding = fitted({**UPLOADED, "qubits": 2}, 2, 40)
    sign = np.sign(frame["x0"].to_numpy() * frame["x1"].to_numpy())
    targets = ((sign - sign.mean()) / sign.std())[:, None]
    first, left = reuploading.trained(encoding, frame, targets, [1])
    again, _ = reuploading.trained(encoding, frame, targets, [1])
    assert np.array_equal(first, again)
    start = reuploading.drawn(encoding, 1).ravel()
    assert left < 0.75 * reuploading.loss(start, reuploading.classical(frame, encoding), targets, encoding)[0]


@pytest.mark.parametrize("shape", [UPLOADED, NEURON])
def test_nobody_chooses_what_the_untrained_circuit_has_in_place_of_what_was_learned(shape: Any) -> None:
    _, encoding = fitted(shape, 3)
    model: Any = model_of(encoding)
    learned = [{**encoding, "learned": model.drawn(encoding, seed).tolist()} for seed in (1, 2)]
    one, other = (untrained(each) for each in learned)
    assert one == untrained(learned[0])
    assert one["learned"] not in (other["learned"], learned[0]["learned"])
    assert {**one, "learned": None} == {**encoding, "learned": None}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({**UPLOADED, "qubits": 40}, "at most 12 qubits"),
        ({**UPLOADED, "learned": [[0.0, 0.0]]}, "learned angles of shape"),
        ({**NEURON, "qubits": 9}, "at most 4 qubits"),
        ({**NEURON, "learned": [1, 1, 1, 0]}, "weights of 1 or -1"),
        ({**NEURON, "circuit": "annealer"}, "unknown circuit 'annealer'"),
    ],
)
def test_encodings_that_mean_no_circuit_are_refused(changed: dict[str, Any], message: str) -> None:
    frame, encoding = fitted(NEURON, 3)
    with pytest.raises(ValueError, match=message):
        model_of({**encoding, **changed}).encode(frame, {**encoding, "learned": [1, 1, 1, 1], **changed})
