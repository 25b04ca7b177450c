"""`tierwise features`: what a problem's data need is made on a machine of the site, before it is solved."""

from pathlib import Path

from cli.terminal import plain, terminal
from escalation.engine.ahead import ProgramsOn, load_with_programs
from escalation.text.commands import hint
from escalation.text.wording import counted


def make_ahead(path: Path, machine: str) -> None:
    """Reads the data of a problem file, and has a machine make their features.

    Raises:
        BadInput: where file, data or machine are not as they should be.
        TierwiseError: when the machine did not do the work.
    """
    console = terminal()
    programs = ProgramsOn(machine, lambda line: console.print(plain(line), soft_wrap=True))
    try:
        load_with_programs(path, programs)
    finally:
        programs.close()
    if programs.done:
        what = f"features made by {counted(programs.done, 'program', 'programs')} on {machine}, and kept"
    else:
        what = (
            "nothing was left to make: there are few rows, all were made before, or the data need no features"
        )
    console.print(plain(f"{path}: {what}; {hint('solve', path)}"), soft_wrap=True)
