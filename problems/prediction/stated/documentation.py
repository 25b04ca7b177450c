"""What only people can tell of a prediction model: stated in the problem file, shown, and checked by nobody.

The fields are what TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378), the datasheet (Gebru et al. 2021) and
the model card (Mitchell et al. 2019) ask for and no record holds.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

from escalation.model.errors import BadInput
from escalation.model.frozen import Frozen

LONGEST = 2000
Statement = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]


def _states(what: str, item: str) -> "Statement | None":
    field: Statement | None = Field(None, description=f"{what} ({item}).")
    return field


class Documentation(Frozen):
    """Statements of people, each in their own words; the report shows them with the item that asks for it."""

    background: Statement | None = _states("Why the model is needed, and what there is already", "item 3a")
    intended_use: Statement | None = _states("What for, by whom, where in the pathway of care", "item 3b")
    avoid: Statement | None = _states("Uses to avoid", "model card")
    inequalities: Statement | None = _states("Known inequalities in health between groups", "item 3c")
    objectives: Statement | None = _states("What the study is to find out", "item 4")
    data_source: Statement | None = _states("Who collected the data, why, and how", "item 5a")
    consent: Statement | None = _states("Consent, and terms of use of the data", "data card")
    dates: Statement | None = _states("When people were included and followed", "item 5b")
    population: Statement | None = _states("Whom the rows stand for", "items 1, 20b")
    setting: Statement | None = _states("Kind, place and number of centres", "item 6a")
    eligibility: Statement | None = _states("Who was taken in and who was not, with numbers", "items 6b, 20a")
    treatments: Statement | None = _states("What was given, and how that was dealt with", "item 6c")
    outcome: Statement | None = _states("What the outcome means, until when", "item 8a")
    outcome_assessment: Statement | None = _states("Who assessed it, and what they knew", "items 8b, 8c")
    predictor_choice: Statement | None = _states("Why these columns", "item 9a")
    predictor_assessment: Statement | None = _states("Who assessed the predictors, when", "item 9c")
    definitions: dict[str, Statement] = Field(
        default_factory=dict,
        description="What a feature means, how and when it is measured, by column (item 9b).",
    )
    units: dict[str, Statement] = Field(
        default_factory=dict, description="The unit of a feature, by column: `age: years`."
    )
    sample_size: Statement | None = _states("How the number of rows was arrived at", "item 10")
    missing_data: Statement | None = _states("Why values are missing", "item 11")
    fairness: Statement | None = _states("What was done for fairness, and why", "item 14")
    threshold: Statement | None = _states("From which probability on one acts, and why", "item 15")
    ethics: Statement | None = _states("Who approved the study, or why nobody had to", "item 17")
    funding: Statement | None = _states("Who paid, and what they decided", "item 18a")
    conflicts: Statement | None = _states("Conflicts of interest", "item 18b")
    protocol: Statement | None = _states("Where the protocol is", "item 18c")
    registration: Statement | None = _states("Where the study is registered", "item 18d")
    data_sharing: Statement | None = _states("Where others get the data", "item 18e")
    code_sharing: Statement | None = _states("Where others get the code", "item 18f")
    involvement: Statement | None = _states("How patients and the public took part", "item 19")
    interpretation: Statement | None = _states("What the results mean beside earlier ones", "item 25")
    limitations: Statement | None = _states("What the study cannot say", "item 26")
    input_handling: Statement | None = _states("What to do with poor or missing input", "item 27a")
    user_skills: Statement | None = _states("What users must know and do", "item 27b")
    next_steps: Statement | None = _states("What has to come before it is used", "item 27c")

    @property
    def statements(self) -> Mapping[str, str]:
        """What was stated, by field, without what is said of single columns."""
        return {name: value for name, value in self if isinstance(value, str)}

    def check_columns(self, features: list[str]) -> None:
        """Refuses what is said of a column that is no feature: nothing would show it.

        Raises:
            BadInput: that names the column.
        """
        for field in ("definitions", "units"):
            for name in getattr(self, field):
                if name not in features:
                    raise BadInput(
                        f"documentation.{field}: {name!r} is no feature, so that it would have no effect; "
                        f"the features are {', '.join(features[:20])}{' …' if len(features) > 20 else ''}"
                    )
