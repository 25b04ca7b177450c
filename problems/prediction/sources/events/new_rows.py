"""New events for a model of events: nothing says of them whether they are signal."""

import re
from pathlib import Path

from problems.prediction.sources.events.reading import read_one
from problems.prediction.sources.events.spec import EventsSpec
from problems.prediction.sources.new_data import Learnt, listed_paths
from toolbox.tables.joining import stacked
from toolbox.tables.raw import RawTable

_PLACE = re.compile(r"\[[\d,]+\]$")


def read_new(spec: EventsSpec, folder: Path, learnt: Learnt) -> RawTable:
    """See `SourceDescriptor.read_new`; of ROOT files the branches of the model alone are read."""
    given = (spec.events, spec.signal, spec.background)
    paths = [path for each in given if each for path in listed_paths(each)]
    branches = tuple(dict.fromkeys(_PLACE.sub("", name) for name in learnt.features))
    own = spec.model_copy(update={"branches": branches})
    return stacked([(path, read_one(own, folder / path)) for path in paths])
