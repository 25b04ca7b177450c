"""Settings: one class, one environment prefix, unknown keys refused."""

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from escalation.model.errors import BadInput
from escalation.model.problem import DataClass

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "TIERWISE_"


class Settings(BaseSettings):
    """Where things are kept and how much of the machine is used. Each field reads `TIERWISE_<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    home: Path = Field(
        ROOT / "mlruns", description="Folder of the ledger, the store, MLflow and scratch files."
    )
    ledger_url: str | None = Field(
        None, description="SQLAlchemy URL of the ledger; default: SQLite in the home folder."
    )
    ranks: int = Field(2, ge=1, description="MPI ranks that methods ask for.")
    mpiexec: str | None = Field(
        None, description="The MPI launcher; default: the one beside this Python, then the one on PATH."
    )
    usd_per_qpu_s: float | None = Field(
        None, ge=0, description="Price of a second of quantum hardware; unset is unknown, which closes gates."
    )
    project: str = Field("default", min_length=1, description="Whose budget paid work is charged to.")
    hardware_allowed: bool = Field(
        False,
        description="Part of the floor: whether work may be sent to quantum hardware at all. No policy opens "
        "what this closes.",
    )
    data_may_leave: Annotated[tuple[DataClass, ...], NoDecode] = Field(
        (DataClass.PUBLIC, DataClass.DEIDENTIFIED),
        description="Part of the floor: the data classes that may leave the site, separated by commas; empty "
        "is none.",
    )
    unasked_usd: float | None = Field(
        None,
        ge=0,
        description="Part of the floor: what a job on hardware may cost at most, in US dollars, to be sent "
        "without a person's approval where the policy asks for none; unset: every job is asked about.",
    )
    question_h: float = Field(
        72.0,
        gt=0,
        le=8760,
        description="Part of the floor: hours that a question to a person stands at most.",
    )
    ibm_url: str | None = Field(
        None,
        description="Address of the quantum service; default: IBM's own. A practice service is on loopback.",
    )
    ibm_instance: str | None = Field(
        None, description="CRN of the IBM Quantum instance that pays; never chosen by the client itself."
    )
    ibm_token: SecretStr | None = Field(
        None,
        description="IBM Cloud API key; default: the Prefect secret block, then the client's account file.",
    )
    ibm_account: str | None = Field(None, description="Name of the account in the client's own account file.")
    ibm_cap_factor: float = Field(
        2.0, ge=1, description="A job's cap in seconds over its estimate, which is a lower bound."
    )
    settle_s: float = Field(
        120.0, ge=0, description="Seconds after which a job that the service accepted is surely listed."
    )
    poll_s: float = Field(2.0, gt=0, description="Seconds between the first two questions about a job.")
    doubt_s: float = Field(
        600.0, gt=0, description="Seconds of trying to learn what became of a POST before a person is asked."
    )
    usage_s: float = Field(60.0, ge=0, description="Seconds to wait for a final bill before a case goes on.")
    case_lease_s: float = Field(30.0, gt=0, description="Seconds after which a silent process may be dead.")

    @field_validator("data_may_leave", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """`public, deidentified`, as an environment variable spells it."""
        return (
            [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given
        )

    @property
    def ledger(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def store(self) -> Path:
        """Folder of the content-addressed store."""
        return self.home / "store"

    @property
    def scratch(self) -> Path:
        """Folder where running work keeps its files."""
        return self.home / "scratch"

    @property
    def tracking_uri(self) -> str:
        """MLflow's database."""
        return f"sqlite:///{self.home / 'mlflow.db'}"


@cache
def settings() -> Settings:
    """Reads the settings from the environment, once.

    Raises:
        BadInput: on an unknown key or a bad value.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(key for key in os.environ if key.startswith(PREFIX) and key not in known)
    if unknown:
        raise BadInput(f"unknown setting {unknown[0]}: expected one of {', '.join(sorted(known))}")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            f"setting {PREFIX}{str(first['loc'][0]).upper()}: {first['msg']}, got {first['input']!r}"
        ) from None
