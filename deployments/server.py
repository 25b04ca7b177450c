"""The Prefect server of a home, behind its gate: `python -m deployments.server PORT HOST [URL]`."""

import sys

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from deployments.address import Address
from deployments.gate import AccessGate


def main(address: Address) -> None:
    """Serves until SIGTERM, as `prefect server start` does with one process.

    Raises:
        SystemExit: where nobody would be asked who he is; the settings come from the environment.
    """
    settings = get_current_settings()
    if not settings.server.api.auth_string or not settings.server.api.csrf_protection_enabled:
        raise SystemExit("expected PREFECT_SERVER_API_AUTH_STRING and CSRF protection, got a server without")
    uvicorn.run(
        AccessGate(create_app(final=True), address, settings.home, newer=settings.server.ui.v2_enabled),
        host=address.host,
        port=address.port,
        timeout_keep_alive=settings.server.api.keepalive_timeout,
        log_level=settings.server.logging_level.lower(),
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main(Address(int(sys.argv[1]), *sys.argv[2:]))
