"""What a site sets: one environment prefix; what a backend alone needs is in a class of its own folder."""

from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, PrivateAttr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from escalation.inputs.home import KEY
from escalation.inputs.validation import own_words
from escalation.model.errors import BadInput
from escalation.model.problem import DataClass

FileAddress = Annotated[
    str, Field(pattern=r"^(https://[^/?#@\s]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)/([^?#\s]*/)?$")
]
RetentionDays = Annotated[float, Field(gt=0, le=36525)]
ROOT = Path(__file__).resolve().parents[2]
PREFIX = "TIERWISE_"


class _Read(BaseSettings):
    """Each field reads `TIERWISE_<NAME>`; where a class has a prefix of its own, that and the name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


class OwnSettings(_Read):
    """What a backend alone reads: a class in its folder, named in its descriptor.

    A field of type `SecretStr` is a secret: its variable is handed to no child process.
    """


Read = TypeVar("Read", bound=_Read)
Own = TypeVar("Own", bound=OwnSettings)


class Settings(_Read):
    """Where things are kept, how much of the machine is used, and the floor below every policy."""

    _own: dict[type[OwnSettings], OwnSettings] = PrivateAttr(default_factory=dict)

    home: Path = Field(
        ROOT / "mlruns", description="Folder of the ledger, the store, MLflow and scratch files."
    )
    ledger_url: str | None = Field(
        None, description="SQLAlchemy URL of the ledger; default: SQLite in the home folder."
    )
    store_url: str | None = Field(
        None,
        description="Where the bytes of all cases are: a folder that several machines share (its path, or "
        "`file:///…`), or `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`; default: the "
        "folder `store` in the home. Never a credential: that is in the environment, as the provider's own "
        "tools read it (`AWS_ACCESS_KEY_ID`, …).",
    )
    store_cache_gb: float = Field(
        4.0,
        ge=0,
        le=100_000,
        description="Gigabytes of what was read of an object store that the home keeps; 0 keeps nothing.",
    )
    tracking_uri: str | None = Field(
        None,
        description="Where MLflow is: `postgresql://…`, `http(s)://…` of a server of MLflow, or "
        "`sqlite:////ABSOLUTE/PATH`; default: SQLite in the home folder.",
    )
    tracking_artifacts: Path | None = Field(
        None,
        description="Folder of MLflow's files where its database is stated: one that all machines see; "
        "default: `mlflow-artifacts` in the store's folder where `TIERWISE_STORE_URL` is one, else "
        "`artifacts` in the home. A server of MLflow has its own.",
    )
    ranks: int = Field(2, ge=1, description="MPI ranks that methods ask for.")
    project: str = Field("default", min_length=1, description="Whose budget paid work is charged to.")
    hardware_allowed: bool = Field(
        False,
        description="Part of the floor: whether work may be sent to quantum hardware at all. No policy opens "
        "what this closes.",
    )
    uploads: Path | None = Field(
        None,
        description="Folder into which people put files for problems: a relative name that a problem's own "
        "folder does not have is sought there, and must stay in it; default: none.",
    )
    file_addresses: Annotated[tuple[FileAddress, ...], NoDecode] = Field(
        (),
        description="Where a problem's files may be fetched from: beginnings of addresses, by commas, "
        "each `https://` (or `http://` of this machine) and with a slash at its end; empty is nowhere.",
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
    settle_s: float = Field(
        120.0, ge=0, description="Seconds after which a job that the service accepted is surely listed."
    )
    poll_s: float = Field(2.0, gt=0, description="Seconds between the first two questions about a job.")
    doubt_s: float = Field(
        600.0, gt=0, description="Seconds of trying to learn what became of a POST before a person is asked."
    )
    usage_s: float = Field(60.0, ge=0, description="Seconds to wait for a final bill before a case goes on.")
    tracking: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of the cases that MLflow shows, `on` (1) or `off` (0); which ones follows from "
        "their ids. Ledger and store have all of them.",
    )
    signing_key: Path | None = Field(
        None,
        description="File of the key with which exports and ledger heads are signed, as `tierwise keys make` "
        "makes it, readable by its user alone; default: `signing-key.pem` in the home.",
    )
    retention_days: Annotated[dict[DataClass, RetentionDays], NoDecode] = Field(
        {},
        description="Days after the end of a case from which `tierwise prune` may give up its bytes: one "
        "number for all, or one a data class, as `public=365, deidentified=2192, identifiable=2192`; a class "
        "without one is kept for ever, with `--older-than` too. Where no period is stated at all, nothing is "
        "pruned but with `--older-than`. Rows, events and what was paid for stay.",
    )
    case_lease_s: float = Field(30.0, gt=0, description="Seconds after which a silent process may be dead.")

    shadow_policy: str | None = Field(
        None,
        description="A policy, a file or one that ships, that is asked beside the acting one at each "
        "decision; what it would decide is on record, and nothing looks at it.",
    )

    canary_policy: str | None = Field(
        None,
        description="A policy, a file or one that ships, that a share of the cases run under in place of "
        "`TIERWISE_CANARY_OF`.",
    )
    canary_of: str = Field("default", description="Name of the policy that a canary stands in for.")
    canary_share: float = Field(
        0.05, ge=0, le=1, description="Share of its cases that the canary gets, by their ids: `0.05` or `5%`."
    )
    canary_bound: float = Field(
        0.1,
        ge=0,
        le=1,
        description="How much larger the share of the canary's cases may be that fail, are refused or are "
        "held, and by which part they may cost more.",
    )
    canary_error: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="Probability that a canary within the bound is ever ended, over all looks at it.",
    )

    @field_validator("canary_share", mode="before")
    @classmethod
    def _percent(cls, given: Any) -> Any:
        """`5%`, as a person says it."""
        text = given.strip() if isinstance(given, str) else ""
        if not text.endswith("%"):
            return given
        try:
            return float(text[:-1]) / 100
        except ValueError:
            return given

    @field_validator("tracking", mode="before")
    @classmethod
    def _switched(cls, given: Any) -> Any:
        """`on` and `off`, as a switch says it."""
        return {"on": 1.0, "off": 0.0}.get(given, given) if isinstance(given, str) else given

    @field_validator("retention_days", mode="before")
    @classmethod
    def _by_class(cls, given: Any) -> Any:
        """`2192` for all, or `public=365, identifiable=2192`."""
        if not isinstance(given, str):
            return given
        parts = [part.strip() for part in given.split(",") if part.strip()]
        if len(parts) == 1 and "=" not in parts[0]:
            return dict.fromkeys(DataClass, parts[0])
        pairs = [part.partition("=") for part in parts]
        found = {name.strip(): days.strip() for name, _, days in pairs}
        if len(found) < len(parts) or not all(found.values()):
            raise ValueError("expected a number of days, or CLASS=DAYS by commas, each class once")
        return found

    @field_validator("data_may_leave", "file_addresses", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """`public, deidentified`, as an environment variable spells it."""
        return (
            [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given
        )

    def having(self, *own: OwnSettings) -> Self:
        """The same settings beside these of backends, in place of what the environment says of them."""
        made = self.model_copy()
        made._own = {**self._own, **{type(each): each for each in own}}
        return made

    def of(self, kind: type[Own]) -> Own:
        """What a backend reads, once; raises `BadInput` on a bad value."""
        if kind not in self._own:
            self._own[kind] = read(kind)
        found = self._own[kind]
        assert isinstance(found, kind)
        return found

    @property
    def ledger(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger_url or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def store(self) -> Path:
        """Folder of the content-addressed store."""
        return self.home / "store"

    @property
    def key_file(self) -> Path:
        """Where the site's key is, or would be."""
        return self.signing_key or self.home / KEY

    @property
    def scratch(self) -> Path:
        """Folder where running work keeps its files."""
        return self.home / "scratch"


def prefix(kind: type[_Read]) -> str:
    """What the variables of such settings begin with."""
    return str(kind.model_config["env_prefix"])


def read(kind: type[Read]) -> Read:
    """Reads settings of a kind from the environment.

    Raises:
        BadInput: on a bad value.
    """
    try:
        return kind()
    except ValidationError as error:
        first = error.errors()[0]
        name, said = f"{prefix(kind)}{str(first['loc'][0]).upper()}", own_words(first["msg"])
        raise BadInput(f"setting {name}: {said}, got {first['input']!r}") from None
