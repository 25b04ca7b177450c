"""Which cases a canary gets: by a hash of the id, so that a case always gets the same policy."""

from escalation.model.identity import digest_json

_DIGITS = 13


def is_canary(case_id: str, share: float) -> bool:
    """Whether the case is one of the share: the cases of a smaller share are among those of a larger."""
    drawn: int = int(digest_json(["canary", case_id])[:_DIGITS], 16)
    return bool(drawn < share * 16**_DIGITS)
