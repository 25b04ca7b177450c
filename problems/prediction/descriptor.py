"""Says that this family exists."""

from escalation.ports.registry import FamilyDescriptor

DESCRIPTOR = FamilyDescriptor(
    name="prediction",
    family="problems.prediction.family:Prediction",
    summary="What will become of a row: learnt from rows whose outcome is known, proven on rows kept aside.",
    sample={"dataset": "quantum_labels", "rows": 80, "qubits": 2},
    sample_target={"metric": "roc_auc", "at_least": 0.6},
    scorers={
        "skops": "problems.prediction.models.artefact:skops_scores",
        "xgboost": "problems.prediction.models.xgboost_model:scores",
        "forest": "problems.prediction.models.forest_model:scores",
    },
    sources="problems.prediction.sources.source:samples",
    specs=("problems.prediction.sources.source:specs",),
    check="problems.prediction.sources.source:parse_spec",
    form="problems.prediction.form:PredictionForm",
    named_by=(
        "dataset",
        "csv",
        "parquet",
        "excel",
        "series",
        "ts",
        "edf",
        "events",
        "signal",
        "geotiff",
        "netcdf",
        "places",
    ),
    formerly=("classification",),
    apply="problems.prediction.applying.apply:apply",
    inspect="problems.prediction.inspection:inspect",
)
