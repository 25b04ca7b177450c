"""`tierwise new`: a commented problem file of a family, to be changed."""

import sys
from collections.abc import Mapping
from pathlib import Path

from cli.files import write_files
from cli.inspect import problem_lines
from cli.tables import is_table
from escalation.inputs.document import dumped
from escalation.inputs.user_files import shown
from escalation.model.errors import BadInput
from escalation.ports.inspection import Inspection
from escalation.ports.registry import FamilyDescriptor, families, no_family, resolve
from escalation.text.commands import hint
from escalation.text.nearest import did_you_mean


def write_template(family: str, kind: str | None, out: Path | None) -> None:
    """Writes a template of the family, or a problem about a table, to a new file; says what to do with it.

    Args:
        family: its name.
        kind: of the template, or the path of a table; None: the first kind.
        out: the new file.

    Raises:
        BadInput: when there is no such family or kind, or the file is there already.
    """
    if family not in families():
        raise BadInput(no_family(family))
    if kind is not None and is_table(Path(kind)):
        _proposed(families()[family], Path(kind), out)
        return
    known = templates(families()[family])
    if kind is not None and kind not in known:
        raise BadInput(
            f"unknown kind {kind!r} of {family}: expected one of {', '.join(known)}"
            f"{did_you_mean(kind, known)}"
        )
    path = out or Path(f"{kind or family}.yaml")
    write_files("", {path.name: known[kind or next(iter(known))].encode()}, path.parent, "file")
    others = [name for name in known if name != (kind or next(iter(known)))]
    sys.stdout.write(f"{path} can be solved as it stands: {hint('solve', path)}\n")
    if others and kind is None:
        sys.stdout.write(f"other kinds: {', '.join(others)} (tierwise new {family} KIND)\n")


def _proposed(known: FamilyDescriptor, table: Path, out: Path | None) -> None:
    """Looks at a table and writes a problem about it; what was guessed is said behind its field.

    Raises:
        BadInput: when the table cannot be read, or nothing can be asked of it as it is.
    """
    if not known.inspect:
        raise BadInput(f"{known.name} is not about tables: expected one of its kinds, got {shown(table)}")
    found: Inspection = resolve(known.inspect)(table, Path.cwd(), {})
    if found.problem is None:
        raise BadInput(f"{'; '.join(found.problems)} (tierwise inspect {shown(table)} says more)")
    path = out or Path(f"{table.stem}.yaml")
    head = [f"# {found.about}", *(f"# {line}" for line in (*found.problems, *found.warnings))]
    text = "\n".join([*head, *problem_lines(found), ""])
    write_files("", {path.name: text.encode()}, path.parent, "file")
    sys.stdout.write(f"{path}: what was guessed is said behind it, look at it; {hint('solve', path)}\n")


def templates(known: FamilyDescriptor) -> Mapping[str, str]:
    """The family's problem files by kind, the first the usual one; of one that has none its sample."""
    found = {path.stem.partition("-")[2]: path.read_text("utf-8") for path in known.template_files}
    return found or {known.name: _sample(known)}


def _sample(known: FamilyDescriptor) -> str:
    stated = {"family": known.name, "instance": known.sample, "target": known.sample_target}
    return f"# {known.summary}\n{dumped({**stated, 'data_class': 'identifiable', 'seed': 1})}"
