"""A card for the data and one for the model: what a reader looks for first, and what nobody told us.

After Gebru et al. 2021 (Datasheets for Datasets, doi:10.1145/3458723) and Mitchell et al. 2019 (Model Cards
for Model Reporting, doi:10.1145/3287560): their headings, filled from the record alone.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from escalation.model.attempt import Attempt, Candidate
from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Target
from escalation.ports.families import Section
from escalation.text.rounding import at_worst
from toolbox.drawing.html_tables import pairs, table

if TYPE_CHECKING:
    from problems.classification.tables.instance import TableInstance

NOT_TOLD = "not told: stays with the people"


def data_card(instance: "TableInstance") -> Section:
    """Returns what is known of the table, a row a feature."""
    said = instance.describe()
    features: Sequence[Mapping[str, Any]] = said["features"]
    lines = [
        ("source", ", ".join(f"{name} {value}" for name, value in said["source"].items())),
        ("digest of the table as used", said["digest"]),
        ("rows, features", f"{said['rows']}, {len(features)}"),
        ("missing values", said["missing_values"]),
        ("outcome", f"{said['target'] or 'built in'}: {said['positive']} against {said['negative']}"),
        ("open rows", f"{said['open']['rows']}, digest {said['open']['digest']}"),
        ("sealed rows", f"{said['sealed']['rows']}, digest {said['sealed']['digest']}"),
        *((name, NOT_TOLD) for name in ("who collected it, why, when", "consent and terms of use")),
    ]
    rows = [_feature(instance, each) for each in features]
    header = ("feature", "kind", "levels", "missing in open rows")
    return Section("Data card", pairs(lines) + table(header, rows, "Features, in order"), folded=True)


def _feature(instance: "TableInstance", feature: Mapping[str, Any]) -> tuple[Any, ...]:
    name = str(feature["name"])
    column = instance.frame[name].iloc[instance.open_index]
    levels = feature["levels"]
    return name, feature["kind"], f"{len(levels)} levels" if levels else "", int(column.isna().sum())


def model_card(target: Target, attempts: Sequence[tuple[Attempt, Candidate | None]]) -> Section | None:
    """Returns the card of the best model that passed its check; None where there is none."""
    best = best_judged(attempts)
    if best is None:
        return None
    attempt, candidate = best
    found = attempt.certificate
    assert found is not None
    bound = None if found.value is None else at_worst(found.value, target)
    files = ((f"file {name}", blob.digest) for name, blob in candidate.files.items())
    reached = found.status is CertificateStatus.CERTIFIED
    lines = [
        ("model", candidate.values.get("chosen")),
        ("made by", f"{attempt.tier}/{attempt.method} on {attempt.backend}, seed {attempt.seed}"),
        *files,
        ("metric", target.metric),
        ("bound on sealed rows", bound),
        ("estimate on sealed rows", found.estimate),
        ("finding", f"{found.status}: {found.kind}"),
        ("use the target allows", "as asked" if reached else "none: the target was not reached"),
        ("intended use, users, uses to avoid", NOT_TOLD),
        ("ethical considerations", NOT_TOLD),
    ]
    return Section("Model card", pairs(lines), folded=True)


def best_judged(
    attempts: Sequence[tuple[Attempt, Candidate | None]],
) -> tuple[Attempt, Candidate] | None:
    """The last of the best attempts whose candidate passed its check, with that; None where there is none."""
    judged = [
        (attempt, candidate)
        for attempt, candidate in attempts
        if candidate is not None
        and attempt.certificate is not None
        and attempt.certificate.status is not CertificateStatus.INVALID
    ]
    return max(judged, key=lambda each: (_rank(each[0]), each[0].number), default=None)


def _rank(attempt: Attempt) -> int:
    assert attempt.certificate is not None
    return -attempt.certificate.status.rank
