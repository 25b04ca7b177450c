"""The worker process: reads folders of jobs from its standard input, one a line, and runs them one by one.

It stays warm between calls, so that heavy imports are paid once. It ends when its input closes, at once, even
in the middle of a call: whoever asked is gone.
"""

import io
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from backends.processes.called import run_or_end
from backends.processes.calls import print_to, reusable
from backends.processes.jobfolder import JobFolder
from escalation.inputs.surroundings import collect_seldom

ROOT = Path.cwd()


class _Printing:
    """Sends everything printed, by C code and child processes too, to a file; to nowhere between calls."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        print_to(self._path)

    def __exit__(self, *_: object) -> None:
        print_to(Path(os.devnull))


def _read_jobs(commands: BinaryIO, jobs: "queue.Queue[str]") -> None:
    """Hands on what is asked; on the end of the input the whole process ends, whatever it is doing."""
    for line in commands:
        jobs.put(line.decode().rstrip("\n"))
    os._exit(0)


def main() -> None:
    """Serves jobs until the input closes. Replies to each with one line: `again` or `spent`."""
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    commands, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    print_to(Path(os.devnull))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    jobs: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read_jobs, args=(commands, jobs), daemon=True).start()
    environment, threads_before = dict(os.environ), threading.active_count()
    while True:
        folder = JobFolder(Path(jobs.get()))
        with _Printing(folder.log):
            run_or_end(folder)
        os.chdir(ROOT)
        os.environ.clear()
        os.environ.update(environment)
        again = reusable(threads_before)
        replies.write(b"again\n" if again else b"spent\n")
        if not again:
            os._exit(0)


if __name__ == "__main__":
    main()
