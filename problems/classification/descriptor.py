"""Says that this family exists."""

from escalation.ports.registry import FamilyDescriptor

DESCRIPTOR = FamilyDescriptor(
    name="classification",
    family="problems.classification.family:Classification",
    summary="Binary classification of the rows of a table: tuned on open rows, certified on rows kept aside.",
    sample={"dataset": "breast_cancer"},
    sample_target={"metric": "roc_auc", "at_least": 0.97},
    scorers={
        "skops": "problems.classification.models.artefact:skops_scores",
        "xgboost": "problems.classification.models.xgboost_model:scores",
        "forest": "problems.classification.models.forest_model:scores",
    },
    sources="problems.classification.sources:sources",
    specs=("problems.classification.tables.spec:FileSpec", "problems.classification.tables.spec:DatasetSpec"),
    check="problems.classification.tables.spec:parse_spec",
    form="problems.classification.form:ClassificationForm",
    flow="classify",
    named_by=("dataset", "csv", "parquet"),
    inspect="problems.classification.tables.inspection:inspect",
)
