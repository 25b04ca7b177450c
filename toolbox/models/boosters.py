"""XGBoost's boosters as bytes: UBJSON, its own format without a pickle."""

from typing import TYPE_CHECKING

from escalation.model.errors import first_line

if TYPE_CHECKING:
    import xgboost


def dump_booster(booster: "xgboost.Booster") -> bytes:
    """Returns a booster as UBJSON; the same booster gives the same bytes."""
    return bytes(booster.save_raw("ubj"))


def load_booster(data: bytes) -> "xgboost.Booster":
    """Reads a booster, for one thread.

    Raises:
        ValueError: when the bytes are none.
    """
    import xgboost

    try:
        return xgboost.Booster({"nthread": 1}, model_file=bytearray(data))
    except xgboost.core.XGBoostError as error:
        raise ValueError(f"expected an XGBoost booster in UBJSON: {first_line(error, typed=False)}") from None
