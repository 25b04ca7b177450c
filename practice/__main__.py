"""`python -m practice`: runs the service until it is stopped."""

import argparse
import json
import os
import signal
import sys
import threading
from typing import Any

from practice.errors import UnusableJob
from practice.host import Host
from practice.running import load, say
from practice.server import Server
from practice.settings import PracticeSettings


def main() -> None:
    """Reads the command line, listens, says where, serves.

    There is nothing to save, so signals keep their own meaning: the process ends at once.
    """
    parser = argparse.ArgumentParser(
        prog="python -m practice", description="A loopback stand-in for IBM Quantum."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON, see practice/settings.py")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    server = _opened(options.settings, options.port)
    server.host.worker.put(load)
    sys.stdout.write(say(server.url) + "\n")
    sys.stdout.flush()
    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


def _opened(settings: Any, port: int) -> Server:
    """Opens the service; bad input ends the process with one line and code 2."""
    try:
        if not isinstance(settings, dict):
            raise UnusableJob(f"--settings: expected a JSON object, got {settings!r}")
        if not 0 <= port < 2**16:
            raise UnusableJob(f"--port: expected 0 to 65535, got {port}")
        return Server(Host(PracticeSettings().changed(settings)), port)
    except (UnusableJob, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None


def _end_with_parent() -> None:
    while os.read(0, 4096):
        continue
    os._exit(0)


if __name__ == "__main__":
    main()
