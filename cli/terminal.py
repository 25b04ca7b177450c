"""The terminal: text that cannot repaint it, tables whose names are never cut."""

from collections.abc import Mapping, Sequence
from math import inf

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.markup import escape
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

from escalation.text.visible import visible

_GAP = 2
"""Spaces between two columns."""
_PROSE = 24
"""Cells that a column of sentences needs to say anything."""


def terminal(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console for standard output or error, styled by the program alone, whatever is printed on it."""
    console = Console(stderr=stderr, quiet=quiet, emoji=False)
    console.push_render_hook(_NothingRepaints())
    return console


def plain(text: str) -> str:
    """Returns text for use within markup: shown as it is, on one line, nothing in it is markup."""
    return escape(visible(text))


class _NothingRepaints(RenderHook):
    """The last line of defence, for what did not go through `plain`: control characters are shown."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Shown(renderable) for renderable in renderables]


class _Shown:
    def __init__(self, inner: ConsoleRenderable) -> None:
        self.inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in console.render(self.inner, options):
            yield part if part.control else Segment(visible(part.text, keep="\n"), part.style)


def show_table(
    console: Console,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    spare: Sequence[str] = (),
    *,
    prose: bool = False,
) -> None:
    """Prints a table in which no name is cut: a line too long for the terminal goes on below.

    Args:
        console: where to; one that is no terminal (a pipe, a file) has room for every column.
        header: names of the columns.
        rows: a text a column, as data, not markup.
        spare: columns that a narrow terminal goes without, the first to go first; the last line says so.
        prose: whether the last column is sentences, which a narrow terminal shows the first words of.
    """
    columns = {name: [name, *(visible(row[index]) for row in rows)] for index, name in enumerate(header)}
    least = {header[-1]: _PROSE} if prose else {}
    gone: list[str] = []
    for name in spare if console.is_terminal else ():
        if _width(columns, least) > console.width:
            gone.append(name)
            del columns[name]
    if console.is_terminal and prose and header[-1] in columns:
        room = console.width - _width(columns, {header[-1]: 0})
        columns[header[-1]] = [shorten(cell, max(room, _PROSE)) for cell in columns[header[-1]]]
    widths = [max(map(cell_len, column)) for column in columns.values()]
    for number, row in enumerate(zip(*columns.values(), strict=True)):
        line = (" " * _GAP).join(set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        console.print(Text(line.rstrip(), style="" if number else "bold"), soft_wrap=True)
    if gone:
        console.print(f"[dim]no room here for: {', '.join(gone)}[/]")


def say_item(console: Console, mark: str, text: str, indent: int = 2) -> None:
    """Prints a mark (markup) and a text beside it; too long for a terminal, it goes on under itself.

    Where there is no terminal it stays on one line, for whoever reads it by lines.
    """
    if not console.is_terminal:
        console.print(f"{' ' * indent}{mark} {plain(text)}", soft_wrap=True, highlight=False)
        return
    grid = Table.grid(Column(no_wrap=True), Column(overflow="fold"), padding=(0, 1))
    grid.add_row(f"{' ' * indent}{mark}", plain(text))
    console.print(grid, highlight=False)


def shorten(text: str, cells: int) -> str:
    """As many whole words as there is room for, and `…` where that is not all of them."""
    if cell_len(text) <= cells:
        return text
    words = text.split(" ")
    fitting = [" ".join(words[:count]) for count in range(1, len(words))]
    return next((f"{prefix} …" for prefix in reversed(fitting) if cell_len(prefix) + 2 <= cells), "…")


def _width(columns: Mapping[str, Sequence[str]], least: Mapping[str, int]) -> int:
    """Cells that the columns take, where some can do with less."""
    widths = (min(max(map(cell_len, cells)), least.get(name, inf)) for name, cells in columns.items())
    return int(sum(widths)) + _GAP * (len(columns) - 1)
