"""A bundled data set and a constructed one, and what each field beside them changes."""

from pathlib import Path

from escalation.testing.sources import Source
from problems.prediction.sources.dataset.spec import DatasetSpec
from problems.prediction.sources.stating import of_every_source


def samples(folder: Path) -> tuple[Source, ...]:
    """Needs no files."""
    constructed = {"subgroups": ["x0"], "rows": 90, "qubits": 3, "flip": 0.1}
    return (
        Source(
            "dataset",
            DatasetSpec,
            {"dataset": "whas500"},
            of_every_source("age") | {"subgroups": ["age"]},
        ),
        Source(
            "constructed dataset",
            DatasetSpec,
            {"dataset": "quantum_labels", "rows": 80, "qubits": 2},
            of_every_source("x0") | constructed,
        ),
    )
