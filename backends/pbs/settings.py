"""Settings of a site for PBS."""

from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from backends.batch.settings import BatchSettings
from escalation.inputs.settings import PREFIX


class PbsSettings(BatchSettings):
    """How jobs are sent to PBS."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}PBS_")
    directive: ClassVar[str] = "#PBS"
    submitter: ClassVar[tuple[str, str]] = ("qsub", "-l filesystems=home")
