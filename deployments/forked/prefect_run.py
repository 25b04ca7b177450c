"""Stands for one flow run: has it forked by `warm.py`, passes signals on, and ends as it ends.

`python -I -S prefect_run.py SOCKET PYTHON`; standard library alone, up in milliseconds. Where nobody forks it
becomes the run itself.
"""

import array
import json
import os
import signal
import socket
import sys


def main() -> None:
    """Reads the command line, asks, and waits."""
    place, python = sys.argv[1], sys.argv[2]
    with socket.socket(socket.AF_UNIX) as warm:
        try:
            warm.connect(place)
        except OSError:
            os.execv(python, [python, "-m", "prefect.engine"])
        socket.send_fds(warm, [b"\0"], [1, 2])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda sent, _: warm.send(bytes([sent])))
        request = {"env": dict(os.environ), "cwd": os.getcwd()}
        warm.sendall(json.dumps(request).encode() + b"\n")
        said = warm.recv(4)
    code = array.array("i", said)[0] if len(said) == 4 else 1
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
