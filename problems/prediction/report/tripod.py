"""Which items of TRIPOD+AI a case's report speaks to, which nobody can, and which stay with the people.

TRIPOD+AI is the reporting guideline for studies of clinical prediction models (Collins et al. 2024, BMJ
385:e078378, 27 items). What stands here follows from what the case has: a model or none, groups, subgroups,
statements of people. It is evidence for whoever fills the guideline in, not a claim that anything complies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from escalation.model.problem import Target
from escalation.ports.families import Section
from problems.prediction.models.in_words import model_words
from problems.prediction.report.judged import JudgedModel
from problems.prediction.report.tripod_words import ITEM_WORDS, ItemWords
from problems.prediction.tables.instance import TableInstance
from toolbox.drawing.html_tables import table


class Here(StrEnum):
    """How far a report speaks to an item."""

    COVERED = "in this report"
    PARTLY = "in part"
    IDLE = "not applicable"
    PEOPLE = "stays with the people"


class GuidelineItem(NamedTuple):
    """An item of the guideline: its number, what it asks, how far the report speaks to it, and where."""

    number: str
    asks: str
    here: Here
    where: str


NO_MODEL = "no model came out of this case"
NO_ROWS = "no rows were kept aside to judge the model on"


def checklist(instance: TableInstance, target: Target, model: JudgedModel | None) -> Section:
    """Returns the items in their order, with what this case's report holds."""
    items = tuple(_Reading(instance, target, model).items())
    counts = {kind: sum(item.here is kind for item in items) for kind in Here}
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    caption = f"TRIPOD+AI (BMJ 2024;385:e078378): evidence, no claim of compliance. Rows: {said}"
    html = table(("item", "asks for", "here", "where"), items, caption)
    return Section("Reporting guideline", html, folded=True)


@dataclass(frozen=True)
class _Reading:
    """The guideline, read for one case."""

    instance: TableInstance
    target: Target
    model: JudgedModel | None

    def items(self) -> Iterator[GuidelineItem]:
        yield from self._introduction()
        yield from self._data()
        yield from self._methods()
        yield from self._openness()
        yield from self._results()
        yield from self._discussion()

    def _introduction(self) -> Iterator[GuidelineItem]:
        yield self._stated(
            "1", "Title: model, population, outcome", ("population",), "title: outcome and data"
        )
        yield GuidelineItem("2", "Abstract", Here.PEOPLE, "")
        yield self._stated("3a", "Context, rationale, existing models", ("background",))
        yield self._stated("3b", "Intended use, users, place in care", ("intended_use",))
        yield self._stated("3c", "Known health inequalities", ("inequalities",))
        yield self._stated("4", "Objectives", ("objectives",), "what was asked, at the top; not why")

    def _data(self) -> Iterator[GuidelineItem]:
        left = [name for name, use in self.instance.roles.items() if use.startswith("left out")]
        out = f"; left out: {', '.join(left)}" if left else "; no column was left out"
        yield self._stated(
            "5a", "Sources of the data", ("data_source",), "data card: file or data set, digests"
        )
        yield self._stated("5b", "Dates of the data", ("dates",))
        yield self._stated("6a", "Setting, centres", ("setting",))
        yield self._stated("6b", "Eligibility", ("eligibility",))
        yield self._stated("6c", "Treatments", ("treatments",))
        yield GuidelineItem(
            "7",
            "Preparation of the data",
            Here.PARTLY,
            "data card: use of each column, rows left out; remarks under Limits; not compared "
            "between groups of people",
        )
        yield self._stated("8a", "Definition of the outcome", ("outcome",), self._words.outcome)
        yield self._stated("8b–c", "Who assessed the outcome, blinding", ("outcome_assessment",))
        yield self._stated("9a", "Choice of predictors", ("predictor_choice",), f"data card: those used{out}")
        yield self._definitions()
        yield self._stated("9c", "Who assessed the predictors", ("predictor_assessment",))
        yield self._stated("10", "Sample size", ("sample_size",), "data card: what there was")
        yield self._missing()

    def _definitions(self) -> GuidelineItem:
        known = self.instance.documentation.definitions
        asks = "Definition of the predictors"
        if not known:
            return GuidelineItem("9b", asks, Here.PEOPLE, "")
        every = len(known) == len(self.instance.columns)
        where = f"Documentation: {len(known)} of {len(self.instance.columns)} features"
        return GuidelineItem("9b", asks, Here.COVERED if every else Here.PARTLY, where)

    def _missing(self) -> GuidelineItem:
        asks = "Missing data, and data left out"
        words = None if self.model is None else model_words(self.model.candidate.values.get("chosen"))
        why = ("; Documentation: missing_data",) if "missing_data" in self._told else ()
        counts = "data card: counts by feature, rows left out"
        if words is None:
            return GuidelineItem(
                "11", asks, Here.PARTLY, "".join((counts, "; no model, so that none was dealt with", *why))
            )
        where = f"{counts}; model card: {words.missing}"
        return GuidelineItem("11", asks, Here.COVERED, "".join((where, *why)))

    def _methods(self) -> Iterator[GuidelineItem]:
        grouped = self.instance.grouped
        yield GuidelineItem(
            "12a", "How the data were divided", Here.COVERED, "Data: split, open rows and rows kept aside"
        )
        yield self._of_model("12b", "Preparation of the predictors", "model card: input")
        yield self._of_model(
            "12c",
            "Kind of model, tuning, internal validation",
            "model card: algorithm; notes of the method; not why this kind",
            Here.PARTLY,
        )
        yield GuidelineItem(
            "12d",
            "Heterogeneity between clusters",
            Here.PARTLY if grouped else Here.IDLE,
            self._clusters() if grouped else "no column of groups was declared",
        )
        yield self._of_rows("12e", "Measures of performance", self._words.measures)
        yield GuidelineItem(
            "12f", "Updating of the model", Here.IDLE, "no model is updated: each is fitted once"
        )
        yield self._of_rows("12g", "How predictions were made", "by the verifier, from the model's own bytes")
        yield self._imbalance()
        yield self._fairness()
        yield self._stated(
            "15",
            "Output of the model, threshold",
            ("threshold",),
            self._words.output,
            needs_model=True,
        )
        yield GuidelineItem(
            "16",
            "Training against evaluation data",
            Here.COVERED,
            "Data: rows, outcome, groups; data card: every feature in both parts",
        )
        yield self._stated("17", "Ethical approval", ("ethics",))

    def _clusters(self) -> str:
        if self.instance.by_site:
            return (
                "judged by site: spread, random-effects summary, prediction interval; no model of the sites"
            )
        return "groups are kept together, bounds allow for them; no model of them"

    def _imbalance(self) -> GuidelineItem:
        asks = "Class imbalance"
        if self.model is None:
            return GuidelineItem("13", asks, Here.IDLE, NO_MODEL)
        words = model_words(self.model.candidate.values.get("chosen"))
        if self._words.balance:
            alike = "classes count alike, as the metric has it: the probabilities are no risks then"
            if self.target.metric == "balanced_accuracy":
                return GuidelineItem("13", asks, Here.COVERED, alike)
            return GuidelineItem("13", asks, Here.IDLE, self._words.balance)
        if self.target.metric == "balanced_accuracy":
            where = (
                "classes count alike, as the metric has it: 0.5 is then its threshold, and no risk comes out"
            )
            return GuidelineItem("13", asks, Here.COVERED, where)
        if words is not None and words.weighted:
            where = (
                "classes are weighted alike in training; a map fitted afterwards makes scores probabilities"
            )
            return GuidelineItem("13", asks, Here.COVERED, where)
        return GuidelineItem(
            "13", asks, Here.IDLE, "classes were neither resampled nor weighted; prevalence: Data"
        )

    def _fairness(self) -> GuidelineItem:
        named = ", ".join(self.instance.subgroups)
        shown = (
            f"Subgroups by {named}: described, nothing was done about them" if named and self.model else ""
        )
        return self._stated("14", "Fairness", ("fairness",), shown)

    def _openness(self) -> Iterator[GuidelineItem]:
        yield self._stated("18a", "Funding", ("funding",))
        yield self._stated("18b", "Conflicts of interest", ("conflicts",))
        yield self._stated(
            "18c", "Protocol", ("protocol",), "the target was fixed before the run; policy: Record"
        )
        yield self._stated("18d", "Registration", ("registration",))
        yield self._stated("18e", "Sharing of the data", ("data_sharing",), "Record: data class; digests")
        yield self._stated("18f", "Sharing of the code", ("code_sharing",), "Record: commit and lock")
        yield self._stated("19", "Involvement of patients and public", ("involvement",))

    def _results(self) -> Iterator[GuidelineItem]:
        named = ", ".join(self.instance.subgroups)
        yield self._stated(
            "20a",
            "Flow of participants",
            ("eligibility",),
            "Data, data card: rows read, left out, open, kept aside; outcomes",
        )
        yield self._stated(
            "20b", "Characteristics of participants", ("population",), "data card: every feature"
        )
        yield GuidelineItem(
            "20c",
            "Evaluation beside development data",
            Here.COVERED,
            "Data: outcome; data card: every feature in both parts",
        )
        yield self._of_model("21", "Numbers in each analysis", "Data, notes of the method")
        yield self._of_model(
            "22", "Specification of the model", "model card: its file by digest, how to run it"
        )
        in_groups = f"Subgroups by {named}" if named else "no subgroups were declared"
        yield self._of_rows(
            "23a",
            "Performance with intervals, in subgroups too",
            f"metrics with one-sided bounds, no intervals; {in_groups}",
            Here.PARTLY,
        )
        yield self._across()
        yield GuidelineItem("24", "Results of updating", Here.IDLE, "no model is updated")

    def _across(self) -> GuidelineItem:
        """Performance across clusters: computed where these are sites."""
        asks = "Performance across clusters"
        if self.model is None:
            return GuidelineItem("23b", asks, Here.IDLE, NO_MODEL)
        if not self.instance.grouped:
            return GuidelineItem("23b", asks, Here.IDLE, "no column of groups was declared")
        if self.instance.sites:
            return self._of_verified("23b", asks, "Between sites: each site, random-effects summary")
        return GuidelineItem("23b", asks, Here.PEOPLE, "not computed: groups are not large enough for sites")

    def _discussion(self) -> Iterator[GuidelineItem]:
        yield self._stated("25", "Interpretation", ("interpretation",))
        yield self._stated("26", "Limitations", ("limitations",), "Limits: what the record shows")
        yield self._stated(
            "27a",
            "Poor or missing input in use",
            ("input_handling",),
            "model card: missing values",
            needs_model=True,
        )
        yield self._stated("27b", "What users must do and know", ("user_skills",), needs_model=True)
        yield self._stated("27c", "Next steps", ("next_steps",))

    @property
    def _told(self) -> "dict[str, str]":
        return dict(self.instance.documentation.statements)

    @property
    def _words(self) -> ItemWords:
        return ITEM_WORDS[self.instance.asked.task]

    def _of_verified(self, number: str, asks: str, where: str) -> GuidelineItem:
        """An item that rows kept aside speak to, even where no bound holds for them."""
        aside = len(self.instance.sealed_index) > 0
        return GuidelineItem(number, asks, Here.COVERED if aside else Here.IDLE, where if aside else NO_ROWS)

    def _stated(
        self, number: str, asks: str, fields: Sequence[str], shown: str = "", *, needs_model: bool = False
    ) -> GuidelineItem:
        """An item for people, to which the report may add something."""
        if needs_model and self.model is None:
            return GuidelineItem(number, asks, Here.IDLE, NO_MODEL)
        told = [field for field in fields if field in self._told]
        where = "; ".join(each for each in (shown, *(f"Documentation: {field}" for field in told)) if each)
        if told:
            return GuidelineItem(number, asks, Here.COVERED, where)
        return GuidelineItem(number, asks, Here.PARTLY if shown else Here.PEOPLE, where)

    def _of_model(self, number: str, asks: str, where: str, here: Here = Here.COVERED) -> GuidelineItem:
        """An item that a model alone makes sense of."""
        return (
            GuidelineItem(number, asks, Here.IDLE, NO_MODEL)
            if self.model is None
            else GuidelineItem(number, asks, here, where)
        )

    def _of_rows(self, number: str, asks: str, where: str, here: Here = Here.COVERED) -> GuidelineItem:
        """An item about a model on sealed rows."""
        if self.model is not None and not self.model.on_rows:
            return GuidelineItem(number, asks, Here.IDLE, NO_ROWS)
        return self._of_model(number, asks, where, here)
