"""Runs the `LocalCall` in a folder: `python -m backends.batch.call FOLDER`, inside a job."""

import sys
from pathlib import Path

from backends.processes.called import run_or_end
from backends.processes.jobfolder import JobFolder
from escalation.inputs.surroundings import collect_seldom
from escalation.model.clock import this_process


def main() -> None:
    """Reads the command line, and runs the call."""
    collect_seldom()
    folder = JobFolder(Path(sys.argv[1]))
    folder.mark_running(this_process().to_json())
    run_or_end(folder)


if __name__ == "__main__":
    main()
