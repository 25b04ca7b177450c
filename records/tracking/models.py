"""Candidates' models as MLflow logged models: an `MLmodel` file with signature beside the model's own bytes.

No pickle. The flavour `tierwise` names the format. Where the family says what scores with it (the verifier's
own reader), there is a flavour `python_function` too, whose code travels with the model: MLflow loads and
serves it without Tierwise.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from escalation.inputs.temporary import temporary_folder
from escalation.model.attempt import Attempt, Candidate
from escalation.model.case import CaseInfo
from escalation.ports.registry import families
from records.tracking.portable_code import portable
from records.tracking.writing import laid_out, safe

FLAVOUR = "tierwise"
_MODEL = "model"
_FORMAT = "model_format"


def log_model(client: Any, run: Any, info: CaseInfo, attempt: Attempt, candidate: Candidate) -> str | None:
    """Logs the candidate's model, if it carries one: a file `model` and a value `model_format`.

    Args:
        client: of MLflow.
        run: the attempt's run.
        info: of the case; its instance's `features` make the signature.
        attempt: whose candidate it is.
        candidate: as the verifier saw it.

    Returns:
        The id of the logged model, None where there is no model.
    """
    if _MODEL not in candidate.files or not isinstance(candidate.values.get(_FORMAT), str):
        return None
    from mlflow.entities import LoggedModelOutput

    logged = client.create_logged_model(
        run.info.experiment_id,
        name=safe(f"{info.problem.family}-{attempt.method}").replace(".", "_"),
        source_run_id=run.info.run_id,
        tags=_tags(info, attempt),
        model_type=candidate.values[_FORMAT],
    )
    try:
        _save(client, logged, run, info, candidate)
    except Exception:
        client.finalize_logged_model(logged.model_id, "FAILED")
        raise
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(logged.model_id, 0)])
    return str(logged.model_id)


def _save(client: Any, logged: Any, run: Any, info: CaseInfo, candidate: Candidate) -> None:
    from mlflow.models import Model

    blob = candidate.files[_MODEL]
    model = Model(
        artifact_path=logged.artifact_location,
        run_id=run.info.run_id,
        signature=signature(info.instance.get("features")),
        model_id=logged.model_id,
        model_size_bytes=blob.size,
        metadata={"sha256": blob.digest, "case_id": info.case_id},
    )
    model.add_flavor(FLAVOUR, data=_MODEL, format=candidate.values[_FORMAT], sha256=blob.digest)
    scorer = families()[info.problem.family].scorers.get(str(candidate.values[_FORMAT]))
    with laid_out({_MODEL: blob.data}) as folder:
        if scorer is None or model.signature is None:
            model.save(str(folder / "MLmodel"))
        else:
            _save_loadable(model, folder, scorer, info)
        client.log_model_artifacts(logged.model_id, str(folder))


def _save_loadable(model: Any, folder: Path, scorer: str, info: CaseInfo) -> None:
    """Has MLflow add its `python_function` flavour, and what that needs, to the folder with the model."""
    from mlflow.pyfunc import save_model

    data = folder / _MODEL
    package, files, requirements = portable(scorer, model.metadata["sha256"], _optional(info))
    with laid_out(files) as code, temporary_folder("model") as aside:
        held = aside / _MODEL
        data.rename(held)
        folder.rmdir()  # MLflow makes it
        save_model(
            str(folder),
            loader_module=package,
            data_path=str(held),
            code_paths=[str(code / package)],
            mlflow_model=model,
            signature=model.signature,
            input_example=example(info.instance["features"]),
            pip_requirements=requirements,
        )


def _optional(info: CaseInfo) -> dict[str, str]:
    """By name the kind of each column that a row may go without."""
    columns: Any = info.instance["features"]
    return {each["name"]: each["kind"] for each in columns if each.get("may_be_missing", False)}


def example(columns: Any) -> Any:
    """A row made up of the columns: zeros, and the first level of each category. No row of anybody's."""
    import pandas as pd

    row = {
        column["name"]: 0.0 if column["kind"] == "number" else next(iter(column.get("levels", ())), "")
        for column in columns
    }
    return pd.DataFrame([row])


def signature(columns: Any) -> Any:
    """The signature of a table model: the columns in, one number (the score) out; None without columns.

    Args:
        columns: of the instance's description, each with `name` and `kind` (`number` or `category`); one
            that `may_be_missing` is optional.
    """
    if not isinstance(columns, Sequence) or isinstance(columns, str) or not columns:
        return None
    if not all(isinstance(column, Mapping) and {"name", "kind"} <= set(column) for column in columns):
        return None
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    types = {"number": "double", "category": "string"}
    inputs = [
        ColSpec(
            types.get(column["kind"], "string"),
            column["name"],
            required=not column.get("may_be_missing", False),
        )
        for column in columns
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([ColSpec("double", "score")]))


def _tags(info: CaseInfo, attempt: Attempt) -> dict[str, str]:
    status = attempt.certificate.status if attempt.certificate else "none"
    return {
        "tierwise.case_id": info.case_id,
        "tierwise.attempt": str(attempt.number),
        "tierwise.certificate": str(status),
        "tierwise.device_kind": attempt.device_kind,
    }
