"""How descriptors are found: in the folders here, and in a site's own packages through their entry points.

What is in this repository is taken strictly, what comes from outside is passed over where it cannot take
part: a site's package that fails must stop nobody's work but its own.
"""

import importlib
import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from escalation.inputs.document import shown
from escalation.model.errors import BadInput, first_line
from escalation.text.nearest import did_you_mean

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_log = logging.getLogger(__name__)


class Named(Protocol):
    """A descriptor, as far as finding it goes."""

    @property
    def name(self) -> str: ...


Descriptor = TypeVar("Descriptor", bound=Named)


@dataclass(frozen=True)
class PassedOver:
    """What a site's package declares and cannot take part, and a line that says what, whose and why."""

    name: str
    line: str


@dataclass(frozen=True)
class Found(Generic[Descriptor]):
    """The descriptors of a sort.

    Attributes:
        what: they are: `family` or `backend`.
        kind: of which each is.
        known: by name, those of this repository first.
        modules: by name, the module that holds the descriptor.
        passed_over: what was declared outside and cannot take part.
    """

    what: str
    kind: type[Descriptor]
    known: Mapping[str, Descriptor]
    modules: Mapping[str, str]
    passed_over: tuple[PassedOver, ...] = ()

    def of(self, name: str) -> Descriptor:
        """The descriptor of that name; raises `BadInput` on an unknown one and on one passed over."""
        if name not in self.known:
            raise BadInput(self.unknown(name))
        return self.known[name]

    def unknown(self, name: str) -> str:
        """Says why there is none of that name."""
        for each in self.passed_over:
            if each.name == name:
                return each.line
        return (
            f"unknown {self.what} {shown(name, quoted=True)}: expected one of {', '.join(sorted(self.known))}"
            f"{did_you_mean(name, self.known)}"
        )


def find(here: Found[Descriptor], group: str, use: Callable[[Descriptor], object]) -> Found[Descriptor]:
    """Adds what installed distributions declare to what was found in the folders.

    A distribution's entry point of the group bears the descriptor's name, and names the descriptor or a
    module that holds it as DESCRIPTOR. What cannot take part is told of in the log and passed over.

    Args:
        here: what is in this repository; a name of it is always its own.
        group: of entry points.
        use: raises on a descriptor whose parts cannot be used.
    """
    known, modules, over = dict(here.known), dict(here.modules), list[PassedOver]()
    declared = entry_points(group=group)
    count = Counter(point.name for point in declared)
    for point in declared:
        try:
            descriptor = _loaded(point, here.kind)
            if point.name in here.known:
                raise BadInput(f"the name belongs to {here.modules[point.name]}")
            if count[point.name] > 1:
                raise BadInput("another distribution declares the same name")
            use(descriptor)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit among them: whatever a site's package does when imported
            over.append(_passed_over(here.what, point, error))
        else:
            known[point.name], modules[point.name] = descriptor, point.module
    for each in over:
        _log.warning("%s", each.line)
    return replace(here, known=known, modules=modules, passed_over=tuple(over))


def _loaded(point: EntryPoint, kind: type[Descriptor]) -> Descriptor:
    with redirect_stdout(sys.stderr):  # standard output is the command's answer
        found: Any = point.load()
    return _checked(found.DESCRIPTOR if isinstance(found, ModuleType) else found, kind, point.name)


def _passed_over(what: str, point: EntryPoint, error: BaseException) -> PassedOver:
    why = first_line(error, typed=not isinstance(error, BadInput))
    whose = f"of the distribution {point.dist.name}" if point.dist is not None else ""
    return PassedOver(point.name, f"{what} {point.name!r} {whose} ({point.value}) is passed over: {why}")


def found_in(package: str, kind: type[Descriptor], what: str) -> Found[Descriptor]:
    """The descriptors of a package's folders.

    A folder that cannot take part is refused, never passed over: a family that silently vanished would be
    missed only when a problem of it is asked for, and a second one of a name would run in the first's place.

    Raises:
        BadInput: on a folder that holds Python and cannot be imported, on a descriptor that is none, and on a
            name that two folders give themselves; the line names them.
    """
    known: dict[str, Descriptor] = {}
    modules: dict[str, str] = {}
    for folder in _folders(package):
        descriptor = _descriptor(package, folder, kind)
        module = f"{package}.{folder.name}.descriptor"
        if descriptor.name in known:
            other = modules[descriptor.name].replace(".", "/").removesuffix("/descriptor")
            raise BadInput(
                f"{other} and {package}/{folder.name} both call themselves {descriptor.name!r}: expected one "
                f"of a name; rename one in its descriptor.py"
            )
        known[descriptor.name], modules[descriptor.name] = descriptor, module
    return Found(what, kind, known, modules)


def _folders(package: str) -> Iterator[Path]:
    """Every folder that holds Python and is not SHARED, by name; also one that is no package."""
    home = importlib.import_module(package)
    shared = getattr(home, "SHARED", ())
    for root in map(Path, home.__path__):
        for folder in sorted(root.iterdir()):
            if folder.name[0] not in "._" and folder.name not in shared and any(folder.glob("*.py")):
                yield folder


def _descriptor(package: str, folder: Path, kind: type[Descriptor]) -> Descriptor:
    where = f"{package}/{folder.name}"
    for file in ("__init__.py", "descriptor.py"):
        if not (folder / file).is_file():
            raise BadInput(f"{where}: expected {file} in it, found none: add it, or move the folder away")
    try:
        found = importlib.import_module(f"{package}.{folder.name}.descriptor").DESCRIPTOR
    except Exception as error:
        raise BadInput(f"{where}/descriptor.py: {first_line(error)}") from error
    try:
        return _checked(found, kind)
    except BadInput as wrong:
        raise BadInput(f"{where}/descriptor.py: {wrong}") from None


def _checked(found: object, kind: type[Descriptor], name: str | None = None) -> Descriptor:
    """The descriptor; raises `BadInput` where it is none, or does not bear the name."""
    if not isinstance(found, kind):
        raise BadInput(f"expected DESCRIPTOR to be a {kind.__name__}, got {type(found).__name__}")
    if not isinstance(found.name, str) or not _NAME.fullmatch(found.name):
        raise BadInput(f"expected a name of small letters, digits and _, got {found.name!r}")
    if name not in (None, found.name):
        raise BadInput(f"expected the entry point to bear the descriptor's name {found.name!r}, got {name!r}")
    return found
