"""Every kind of model that may be chosen is said in a sentence's words too."""

import pytest

from problems.prediction.models.in_words import KINDS
from problems.prediction.report.in_words import MODELS


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_model_has_words_for_the_answer(kind: str) -> None:
    assert any(kind.startswith(name) for name in MODELS)
