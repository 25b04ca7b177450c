"""`python -m problems.optimisation.generate clinic 60 --seed 1 --to DIR`: tables and their problem file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from escalation.inputs.validation import parse
from escalation.model.errors import BadInput
from problems.optimisation.generate.made import make
from problems.optimisation.generate.tables import clinic_tables, ward_tables
from problems.optimisation.model.models import Appointments, Model, Triage
from problems.optimisation.spec.spec import GeneratedClinic, GeneratedWard, Seeded

SHAPES: dict[str, type[Seeded]] = {"clinic": GeneratedClinic, "ward": GeneratedWard}


class _Arguments(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadInput(f"{self.prog}: {message}; see --help")


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = _Arguments(prog="generate", description="Writes a clinic or a ward as a pair of CSV files.")
    parser.add_argument("what", choices=sorted(SHAPES))
    parser.add_argument("patients", type=int, help="how many, 1 to 5000")
    parser.add_argument("--seed", type=int, default=0, help="equal seeds write equal files")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder, made where missing")
    parser.add_argument(
        "--shape", action="append", default=[], metavar="NAME=VALUE", help="for instance load=1.1; repeatable"
    )
    return parser.parse_args(given)


def write(given: Sequence[str] | None = None) -> list[Path]:
    """Writes the files and returns their paths.

    Raises:
        BadInput: on arguments that make no instance, or a folder that cannot be written to.
    """
    arguments = _arguments(given)
    stated = dict(pair.partition("=")[::2] for pair in arguments.shape)
    stated |= {"patients": arguments.patients, "seed": arguments.seed}
    wanted: Seeded = parse(SHAPES[arguments.what], stated, "generate")
    files = _files(make(wanted, arguments.seed), arguments.seed)
    folder: Path = arguments.to
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written to: {error.strerror}") from None
    return [folder / name for name in files]


def _files(model: Model, seed: int) -> dict[str, str]:
    if isinstance(model, Triage):
        tables, own = ward_tables(model), ["kind: triage"]
    else:
        assert isinstance(model, Appointments)
        tables = clinic_tables(model)
        own = ["kind: appointments", f"opens: {model.opens}", f"slot_min: {model.slot_min}"]
    own += [f"{Path(name).stem}: {name}" for name in tables]
    lines = [
        "family: optimisation",
        "instance:",
        *(f"  {line}" for line in own),
        "target: {metric: gap, at_most: 0.05}",
        "data_class: public",
        f"seed: {seed}",
    ]
    return {**tables, "problem.yaml": "\n".join(lines) + "\n"}


def main() -> int:
    """Returns the exit code."""
    try:
        for path in write():
            sys.stdout.write(f"{path}\n")
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
