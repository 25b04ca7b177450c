"""Settings of a site for IBM Quantum."""

from pydantic import Field, SecretStr, field_validator

from escalation.inputs.settings import OwnSettings
from escalation.text.addresses import is_http_address


class IbmSettings(OwnSettings):
    """The service, who pays there, and what a second costs."""

    usd_per_qpu_s: float | None = Field(
        None,
        ge=0,
        description="Price of a second of quantum hardware; unset is unknown, and meets no condition.",
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

    @field_validator("ibm_url")
    @classmethod
    def _address(cls, stated: str | None) -> str | None:
        if stated is not None and not is_http_address(stated):
            raise ValueError("expected https://HOST or http://127.0.0.1:PORT, with a port from 1 to 65535")
        return stated
