"""What a problem file may say of series."""

from typing import Literal

from pydantic import Field

from problems.prediction.sources.series.long_table import LongColumns
from problems.prediction.stated.spec import TaskSpec
from toolbox.tables.raw_files import Value

Paths = str | tuple[str, ...]


class SeriesSpec(TaskSpec):
    """Series in a table, in `.ts` files, or in EDF files; relative paths start at the problem file's folder.

    A row is a whole recording, or with `window` or `step` a stretch of one.
    """

    series: str | None = Field(
        None,
        description="Path of a CSV or Parquet file: a row a value (`person`, `at`, `channel`, `value`), or "
        "a row a "
        "time with a column a channel (`person`, `at`, `channels`).",
    )
    ts: Paths | None = Field(
        None,
        description="Path of a `.ts` file of the UEA and UCR archives, or of several of the same channels.",
    )
    edf: Paths | None = Field(
        None,
        description="Paths of EDF or EDF+ files of the same channels, one recording each; times in seconds.",
    )
    person: str | None = Field(
        None,
        description="Column that says whose a value is; of EDF files a column of `people`. Persons stay "
        "together.",
    )
    at: str | None = Field(None, description="Column with the time of a value: numbers, or dates.")
    channel: str | None = Field(None, description="Column that says what was measured.")
    value: str | None = Field(None, description="Column with what came of it.")
    channels: tuple[str, ...] = Field((), description="Columns of the channels, where each has its own.")
    na_values: tuple[Value, ...] = Field(
        (), description="Further values that mean a missing one; numbers however they are spelt."
    )
    people: str | None = Field(
        None,
        description="Path of a table with a row a person (of EDF files: a row a file, named under `file`): "
        "the "
        "outcome, and what else is known. Without it these are columns of `series`, equal in all rows of a "
        "person.",
    )
    static: tuple[str, ...] = Field(
        (), description="Columns that do not change with time and are features as they are: age, sex."
    )
    target: str | None = Field(
        None,
        description="Column with the class of a person, or with `event` the time until which a person was "
        "followed, on the clock of `at`.",
    )
    event: str | None = Field(
        None, description="Column that says whether the event came at the time `target` (1) or not (0)."
    )
    horizon: float | None = Field(
        None,
        gt=0,
        description="With `event`: how soon after the window it comes. Windows not followed so long are "
        "left out, and counted.",
    )
    annotations: dict[str, str] = Field(
        default_factory=dict,
        description="Of EDF+ files: the class of a window that an annotation of this text covers; with "
        "`horizon` the "
        "annotations that are the event.",
    )
    window: float | None = Field(
        None, gt=0, description="Length of a window; without it all that came before its end."
    )
    step: float | Literal["each"] | None = Field(
        None,
        description="From a window's end to the next one's; `each`: a window ends at each time of "
        "measurement. "
        "Without it windows follow each other without overlap.",
    )
    unit: Literal["s", "min", "h", "d"] | None = Field(
        None,
        description="Unit of `window`, `step`, `horizon` and `every` where times are dates (else d) or "
        "from EDF files (else s).",
    )
    every: float | None = Field(
        None,
        gt=0,
        description="Distance of the grid on which spectra, autocorrelation and convolutions are taken, by "
        "straight "
        "lines between values; needed where times are irregular.",
    )
    convolutions: int = Field(
        0,
        ge=0,
        le=20_000,
        description="Random convolutions at most, 84 at least; 0 for none. They need a regular grid.",
    )
    latest: bool = Field(False, description="Whether the windows that end latest are the ones kept aside.")
    drop: tuple[str, ...] = Field((), description="Features that are left out: `pulse: slope`.")
    categorical: tuple[str, ...] = Field((), description="Columns under `static` whose numbers are codes.")

    @property
    def cut(self) -> bool:
        """Whether rows are windows."""
        return self.window is not None or self.step is not None

    @property
    def long(self) -> LongColumns:
        """How the table is read."""
        return LongColumns(str(self.person), str(self.at), self.channel, self.value, self.channels)
