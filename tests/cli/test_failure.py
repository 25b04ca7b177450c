"""What a command says when it is told to end."""

import signal
import subprocess
import sys

COMMAND = """
import sys
from cli.failure import guarded

def wait() -> None:
    print("ready", flush=True)
    sys.stdin.read()

guarded(wait)
"""


def test_a_command_that_is_told_to_end_says_so_and_how_to_go_on() -> None:
    command, pipe = [sys.executable, "-c", COMMAND, "solve"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stderr.read() == (
            "ended by SIGTERM; what was done is on record: `tierwise cases` lists it, "
            "`solve --case` goes on\n"
        )
        assert process.wait(60) == -signal.SIGTERM
