"""Starts a module of ours as a process that is spoken to over connections."""

import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from escalation.inputs.settings import ROOT


def start(module: str, theirs: Sequence[Connection]) -> "subprocess.Popen[bytes]":
    """Starts `python -m MODULE NUMBER…`, told the numbers of its ends of connections, which are closed here.

    In a session of its own: Ctrl-C at a terminal is for whoever started it, who can end all of the session.
    """
    numbers = [each.fileno() for each in theirs]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module, *map(str, numbers)],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=numbers,
        start_new_session=True,
    )
    for each in theirs:
        each.close()
    return process
