"""A practice service beside the server, so that the whole submission can be practised without an account."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from deployments.address import LOOPBACK, free_port
from deployments.processes import START_S, Ending, Say, Start, child
from escalation.model.errors import TierwiseError
from escalation.ports.configuration import without_secrets
from practice import DEVICES, LABEL, PracticeControl, client_settings, environment

USD_PER_QPU_S = "1.60"
"""What a second is said to cost where nothing else is set; see `TIERWISE_USD_PER_QPU_S`."""


@contextmanager
def practising(home: Path, say: Say, start: Start = child) -> Iterator[dict[str, str]]:
    """Runs a practice service for as long as the block lasts; it remembers nothing beyond that.

    Args:
        home: where its log is kept.
        say: is told, line by line, where it is and how another process uses it.
        start: how its process is started.

    Yields:
        What a process needs in its environment for the devices of the service to be there.

    Raises:
        TierwiseError: when it does not come up.
    """
    port, log = free_port(), home / "practice.log"
    url = f"http://{LOOPBACK}:{port}"
    say("starting the practice service")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    env = without_secrets(os.environ)
    with start([sys.executable, "-m", "practice", "--port", str(port)], env, log) as guard:
        _await(url, guard, log)
        needed = practice_environment(url)
        for line in _announcement(url, needed):
            say(line)
        yield {**environment(url), **needed}


def practice_environment(url: str, env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Our own settings: address, account, price. A real account's are replaced: they are not for it."""
    return {
        **client_settings(url),
        "TIERWISE_USD_PER_QPU_S": env.get("TIERWISE_USD_PER_QPU_S", USD_PER_QPU_S),
    }


def _announcement(url: str, needed: Mapping[str, str]) -> list[str]:
    return [
        f"PRACTICE service {url}",
        f"                 {LABEL}",
        f"                 its devices are {DEVICES}; the policy `practice` uses one",
        "to use it in another terminal:",
        *(f"  export {name}={value}" for name, value in needed.items()),
    ]


def _await(url: str, guard: Ending, log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            PracticeControl(url).about()
            return
        except (URLError, OSError):
            if guard.poll() is not None or time.monotonic() > until:
                raise TierwiseError(f"the practice service did not come up; see {log}") from None
        time.sleep(0.05)
