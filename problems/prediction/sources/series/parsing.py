"""Checks what a problem file says of series: a field that would have no effect is refused."""

from collections.abc import Mapping
from typing import Any

from escalation.model.errors import BadInput
from problems.prediction.sources.series.spec import SeriesSpec
from problems.prediction.stated.spec import checked

_LONG = ("person", "at", "channel", "value", "channels", "na_values")
_NOT_OF_TS = ("people", "static", "target", "event", "horizon", "categorical", "unit", "latest")


def parse(instance: Mapping[str, Any]) -> SeriesSpec:
    """Returns the statement.

    Raises:
        BadInput: on an unknown field, a wrong type, and on fields that do not go together.
    """
    spec = checked(SeriesSpec, instance)
    _of_kind(spec)
    _of_windows(spec)
    _of_outcomes(spec)
    return spec


def _of_kind(spec: SeriesSpec) -> None:
    if spec.series is None:
        idle = [name for name in _LONG if name in spec.model_fields_set]
        if idle and not (idle == ["person"] and spec.edf is not None and spec.people is not None):
            raise _wrong(f"{idle[0]} would have no effect: it says how `series` is read")
    else:
        _need(spec.person, "person: expected the column that says whose a value is")
        _need(spec.at, "at: expected the column with the time of a value")
        long = spec.channel is not None and spec.value is not None
        if long == bool(spec.channels) or (spec.channels and (spec.channel or spec.value)):
            raise _wrong("channel: expected `channel` and `value`, or `channels`")
    if spec.edf is None and spec.annotations:
        raise _wrong("annotations would have no effect: EDF+ files alone have them")
    if spec.ts is not None:
        for name in _NOT_OF_TS:
            if name in spec.model_fields_set:
                raise _wrong(f"{name} would have no effect: a .ts file says the class of its cases itself")


def _of_windows(spec: SeriesSpec) -> None:
    if isinstance(spec.step, float) and not spec.step > 0:
        raise _wrong(f"step: expected a distance above 0, or `each`, got {spec.step:g}")
    if spec.latest and spec.series is None:
        raise _wrong("latest would have no effect: the clocks of other files than `series` begin with each")
    if spec.latest and not spec.cut:
        raise _wrong("latest would have no effect: without `window` or `step` a row has no time of its own")
    if spec.step is not None and spec.step != "each" and spec.window is None and spec.series is None:
        raise _wrong("step: expected `window` beside it")


def _of_outcomes(spec: SeriesSpec) -> None:
    if spec.horizon is not None and not spec.cut:
        raise _wrong("horizon: expected `window` or `step` beside it: from where on does it count?")
    if spec.horizon is not None and spec.event is None and not spec.annotations:
        raise _wrong("horizon: expected `event` (or `annotations`) beside it: what is to come within it?")
    if spec.ts is None and not spec.annotations:
        _need(spec.target, "target: expected the column with the outcome")
    if spec.annotations:
        for name in ("target", "event"):
            if name in spec.model_fields_set:
                raise _wrong(f"{name} would have no effect: the annotations say the outcome")
        if not spec.cut:
            raise _wrong("annotations: expected `window` beside it, which they cover")
    if spec.event is not None and spec.horizon is None:
        raise _wrong("event: expected `horizon` beside it: how soon is it to come?")
    if spec.categorical and not set(spec.categorical) <= set(spec.static):
        raise _wrong("categorical: expected columns that are named under `static`")
    if spec.static and spec.people is None and spec.series is None:
        raise _wrong("static would have no effect: name the table that has these columns under `people`")
    if spec.people is not None and spec.target is None and not spec.static and spec.person is None:
        raise _wrong("people would have no effect: name its columns under `target` or `static`")


def _need(value: object, message: str) -> None:
    if value is None:
        raise _wrong(message)


def _wrong(message: str) -> BadInput:
    return BadInput(f"instance: {message}")
