"""Starts the command line. It imports nothing yet, so that Ctrl-C is one line from the first moment on."""

import sys


def main() -> None:
    """Runs the command line; what went wrong is one line on standard error and an exit code."""
    try:
        _run()
    except KeyboardInterrupt:  # before a command was there to say what it stopped
        sys.stderr.write("stopped\n")
        sys.exit(130)


def _run() -> None:
    from escalation.inputs.surroundings import PRIVATE, collect_seldom, settle

    collect_seldom()
    import os

    from cli.commands import app
    from cli.failure import guarded

    settle()
    os.umask(PRIVATE)
    guarded(app)


if __name__ == "__main__":
    main()
