"""Which items of TRIPOD+AI a case's record speaks to, and which stay with the people.

TRIPOD+AI is the reporting guideline for studies of clinical prediction models (Collins et al. 2024, BMJ
385:e078378, 27 items). This is evidence for whoever fills it in, not a claim that anything complies.
"""

from collections.abc import Iterator
from typing import NamedTuple

from escalation.ports.families import Section
from problems.classification.tables.instance import TableInstance
from toolbox.drawing.html_tables import table

PEOPLE = "stays with the people"
COVERED, PARTLY = "in this report", "in part"


class Asks(NamedTuple):
    """An item of the guideline: its number, what it asks, how far the record speaks to it, and where."""

    number: str
    asks: str
    covered: str
    where: str


_ALWAYS = (
    Asks("1", "Title: model, population, outcome", PARTLY, "title; the population is not known here"),
    Asks("2", "Abstract", PEOPLE, ""),
    Asks("3a–c", "Context, intended use, known inequalities", PEOPLE, ""),
    Asks("4", "Objectives", PARTLY, "what was asked: the target, at the top; why stays with the people"),
    Asks("5a", "Sources of the data", PARTLY, "data card: file and digests; who collected it is not known"),
    Asks("5b", "Dates of the data", PEOPLE, ""),
    Asks("6a–c", "Setting, eligibility, treatments", PEOPLE, ""),
    Asks("7", "Preparation of the data", COVERED, "data card; remarks under Limits"),
    Asks("8a", "Definition of the outcome", PARTLY, "data card: column, classes; not what they mean"),
    Asks("8b–c", "Who assessed the outcome, and blinding", PEOPLE, ""),
    Asks("9a", "Choice of the predictors", PARTLY, "data card: those used and left out; why is not known"),
    Asks("9b–c", "Definition and assessment of the predictors", PEOPLE, ""),
    Asks("10", "Sample size", PARTLY, "data card: what there was; bounds say what it suffices for"),
    Asks("11", "Missing data", COVERED, "data card; notes of the method"),
    Asks("12a", "How the data were divided", COVERED, "Data: open and sealed rows, groups, split"),
    Asks("12b–c", "Predictors, model, tuning, internal validation", COVERED, "notes of the method"),
    Asks("12d", "Heterogeneity between clusters", PARTLY, "groups are kept together; no model of clusters"),
    Asks("12e", "Measures of performance", COVERED, "Certificate, metrics, calibration, net benefit"),
    Asks("12f", "Updating of the model", PEOPLE, "no model is updated"),
    Asks("12g", "How predictions were made", COVERED, "computed by the verifier from the model's file"),
    Asks("13", "Class imbalance", PARTLY, "Data: prevalence; weights in the notes of the method"),
    Asks("15", "Output of the model", COVERED, "a probability; the threshold of 0.5 is nobody's choice"),
    Asks("16", "Training against evaluation", COVERED, "Data: both parts by rows, positives, groups"),
    Asks("17", "Ethical approval", PEOPLE, ""),
    Asks("18a–d", "Funding, conflicts, protocol, registration", PEOPLE, ""),
    Asks("18e", "Sharing of the data", PARTLY, "data class under Record; digests"),
    Asks("18f", "Sharing of the code", COVERED, "Record: commit and lock"),
    Asks("19", "Involvement of patients and public", PEOPLE, ""),
    Asks("20a", "Flow of participants", PARTLY, "Data: rows; who was never in the table is not known"),
    Asks("20b", "Characteristics of participants", PARTLY, "data card: kinds and missing values only"),
    Asks("20c", "Evaluation beside development data", COVERED, "Data: both parts"),
    Asks("21", "Numbers in each analysis", COVERED, "Data, Attempts, notes of the method"),
    Asks("22", "Specification of the model", COVERED, "model card: the file itself, by digest"),
    Asks("24", "Results of updating", PEOPLE, "no model is updated"),
    Asks("25", "Interpretation", PEOPLE, ""),
    Asks("26", "Limitations", PARTLY, "Limits: what the record shows"),
    Asks("27a–c", "Use in care, users' skills, next steps", PEOPLE, ""),
)  # fmt: skip


def checklist(instance: TableInstance) -> Section:
    """Returns the items in their order, with what this case's record holds."""
    items = sorted((*_ALWAYS, *_subgroups(instance)), key=_order)
    counts = {kind: sum(item.covered == kind for item in items) for kind in (COVERED, PARTLY, PEOPLE)}
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    caption = f"TRIPOD+AI (BMJ 2024;385:e078378): evidence, no claim of compliance. Rows: {said}"
    html = table(("item", "asks for", "here", "where"), items, caption)
    return Section("Reporting guideline", html, folded=True)


def _subgroups(instance: TableInstance) -> Iterator[Asks]:
    named = ", ".join(instance.subgroups)
    covered, where = (PARTLY, f"Subgroups by {named}") if named else (PEOPLE, "no subgroups were declared")
    yield Asks("14", "Fairness", covered, where)
    yield Asks("23a", "Performance with intervals, in subgroups too", COVERED if named else PARTLY,
               where if named else f"Metrics; {where}")  # fmt: skip
    yield Asks("23b", "Performance across clusters", PEOPLE, "not computed")


def _order(item: Asks) -> tuple[int, str]:
    number = "".join(each for each in item.number if each.isdecimal())
    return int(number), item.number
