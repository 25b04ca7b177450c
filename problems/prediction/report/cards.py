"""A card for the data and one for the model: what a reader looks for first, and what nobody told us.

After Gebru et al. 2021 (Datasheets for Datasets, doi:10.1145/3458723) and Mitchell et al. 2019 (Model Cards
for Model Reporting, doi:10.1145/3287560): their headings, filled from the record and from what people state.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from escalation.model.certificate import CertificateStatus
from escalation.model.problem import Target
from escalation.ports.families import Section
from escalation.text.rounding import at_worst, rounded
from problems.prediction.models.in_words import model_words
from problems.prediction.report.judged import JudgedModel
from toolbox.arrays.types import Index
from toolbox.drawing.html_tables import pairs, statements, table

if TYPE_CHECKING:
    from problems.prediction.tables.instance import TableInstance
    from problems.prediction.tables.table import Column

NOT_TOLD = "not told: stays with the people (`documentation` in the problem file)"
MOST_LEVELS = 12
"""Of a category that the card counts one by one, the most frequent first."""


def data_card(instance: "TableInstance") -> Section:
    """Returns what is known of the table, its columns and both of its parts."""
    said = instance.describe()
    features: Sequence[Mapping[str, Any]] = said["features"]
    lines = [
        ("source", ", ".join(f"{name} {value}" for name, value in said["source"].items())),
        ("digest of the table as used", said["digest"]),
        ("rows, features", f"{said['rows']}, {len(features)}"),
        ("missing values", said["missing_values"]),
        ("outcome", f"{said['target'] or 'built in'}: {_outcome(instance)}"),
        ("rows left out", _aside(instance)),
        ("open rows", f"{said['open']['rows']}, digest {said['open']['digest']}"),
        ("rows kept aside", f"{said['sealed']['rows']}, digest {said['sealed']['digest']}"),
    ]
    asked = (("who collected it, why, how", "data_source"), ("whom it stands for", "population"),
             ("consent and terms of use", "consent"))  # fmt: skip
    told = instance.documentation.statements
    stated = [(name, told.get(field, NOT_TOLD)) for name, field in asked]
    others = list(instance.roles.items())
    html = pairs(lines) + statements(stated)
    if others:
        html += table(("column", "used as"), others, "Columns that are no features")
    of = ("missing", "mean (SD), or levels", "range")
    header = (
        "feature",
        "kind",
        "unit",
        *(f"{part}: {what}" for part in ("open", "kept aside") for what in of),
    )
    rows = [_feature(instance, column) for column in instance.columns]
    return Section(
        "Data card",
        html + table(header, rows, "Features, in order, in open rows and rows kept aside"),
        folded=True,
    )


def _aside(instance: "TableInstance") -> str:
    if not instance.set_aside:
        return "none: every row of the table is open or kept aside"
    return f"{instance.set_aside}: earlier than the rows kept aside, but of a group of theirs"


def _feature(instance: "TableInstance", column: "Column") -> tuple[Any, ...]:
    unit = instance.documentation.units.get(column.name, "")
    opened = _distribution(instance, column, instance.open_index)
    return column.name, column.kind, unit, *opened, *_distribution(instance, column, instance.sealed_index)


def _distribution(instance: "TableInstance", column: "Column", index: Index) -> tuple[int, str, str]:
    """Missing values, mean and standard deviation or shares of levels, and range, of some rows."""
    values = instance.frame[column.name].iloc[index]
    present = values.dropna()
    missing = len(values) - len(present)
    if not len(present):
        return missing, "", ""
    if column.kind == "number":
        spread = f" ({present.std(ddof=1):.4g})" if len(present) > 1 else ""
        return missing, f"{present.mean():.4g}{spread}", f"{present.min():.6g} to {present.max():.6g}"
    counts = present.value_counts()
    ordered = sorted(counts.items(), key=lambda each: (-each[1], str(each[0])))
    shares = [f"{level} {count} ({100 * count / len(present):.1f} %)" for level, count in ordered]
    more = f"; {len(shares) - MOST_LEVELS} further levels" if len(shares) > MOST_LEVELS else ""
    return missing, "; ".join(shares[:MOST_LEVELS]) + more, f"{len(counts)} levels"


def model_card(instance: "TableInstance", target: Target, model: JudgedModel | None) -> Section | None:
    """Returns the card of the model; None where there is none."""
    if model is None:
        return None
    attempt, candidate, found = model
    words = model_words(candidate.values.get("chosen"))
    value, estimate = found.value, found.estimate
    reached = found.status is CertificateStatus.CERTIFIED
    own = [(name, blob) for name, blob in candidate.files.items() if name not in OF_SETS]
    lines = [
        ("model", candidate.values.get("chosen")),
        *(() if words is None else (
            ("algorithm", words.algorithm), ("input", words.input), ("missing values", words.missing)
        )),
        ("inputs", _inputs(instance)),
        ("output", output(instance)),
        ("made by", f"{attempt.tier}/{attempt.method} on {attempt.backend}, seed {attempt.seed}"),
        *((f"file {name}", blob.digest) for name, blob in own),
        ("to run it", RUN),
        ("metric", target.metric),
        ("bound on rows kept aside", None if value is None else at_worst(value, target)),
        ("estimate on rows kept aside", None if estimate is None else rounded(estimate)),
        ("finding", f"{found.status}: {found.kind}"),
        ("the target", "reached" if reached else "not reached: nothing was accepted as an answer"),
    ]  # fmt: skip
    asked = (("intended use and users", "intended_use"), ("uses to avoid", "avoid"),
             ("ethical considerations", "ethics"), ("fairness", "fairness"))  # fmt: skip
    told = instance.documentation.statements
    stated = [(name, told.get(field, NOT_TOLD)) for name, field in asked]
    return Section("Model card", pairs(lines) + statements(stated), folded=True)


def output(instance: "TableInstance") -> str:
    """What a model predicts of a row."""
    asked = instance.asked
    if asked.task == "binary":
        return f"probability of {instance.positive}"
    if asked.classes:
        return f"probability of each of {', '.join(asked.classes)}"
    unit = _in_unit(instance)
    if asked.task == "time_to_event":
        times = asked.parameters["times"]
        return f"probability of no event yet at each of {len(times)} times up to {times[-1]:g}{unit}"
    return f"a number{unit}"


def _outcome(instance: "TableInstance") -> str:
    asked = instance.asked
    if asked.task == "binary":
        return f"{instance.positive} against {instance.negative}"
    if asked.classes:
        return f"{', '.join(asked.classes)}{' (lowest first)' if asked.task == 'ordinal' else ''}"
    if asked.task == "time_to_event":
        horizon = f"{asked.parameters['horizon']:g}{_in_unit(instance)}"
        return f"time until the event or until a row was last seen, judged up to {horizon}"
    return f"a number{_in_unit(instance)}"


def _in_unit(instance: "TableInstance") -> str:
    unit = instance.asked.parameters.get("unit")
    return f" in {unit}" if unit else ""


RUN = (
    "by MLflow alone, which has the model of this attempt with its requirements: `mlflow models serve`, or "
    "`mlflow.pyfunc.load_model`; see docs/how-to/bring-your-own-table.md, *Use the model*"
)

OF_SETS = ("sealed_sets", "set_model")
"""Files of a candidate that are of its prediction sets, which another model makes."""


def _inputs(instance: "TableInstance") -> str:
    units = instance.documentation.units
    return ", ".join(
        f"{column.name} ({units[column.name]})" if column.name in units else column.name
        for column in instance.columns
    )


def documentation(instance: "TableInstance") -> Section | None:
    """Returns everything that people state, in full; None where they state nothing."""
    told = instance.documentation
    fields = type(told).model_fields
    rows = [(f"{name}: {fields[name].description}", said) for name, said in told.statements.items()]
    for field in ("definitions", "units"):
        rows += [(f"{field}, {column}", said) for column, said in getattr(told, field).items()]
    if not rows:
        return None
    note = "<p>Stated by people in the problem file; nothing here was checked.</p>"
    return Section("Documentation", note + statements(rows), folded=True)
