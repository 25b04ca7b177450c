"""Numbers of things in words."""


def counted(count: int, one: str, many: str) -> str:
    """`1 case has`, `3 cases have`, `no cases have`; thousands are marked."""
    shown = f"{count:,}" if count else "no"
    return f"{shown} {one if count == 1 else many}"
